"""Executes the notebook in a kernel of this interpreter: `execute.py NOTEBOOK OUT SOCKETS`. Run by run.py."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# The longest cell trains a model, which takes half a minute on two cores.
SECONDS_A_CELL = 1200


def execute(notebook: Path, out: Path, sockets: Path) -> int:
    """Writes the notebook with its outputs to `out`, also where a cell fails; the exit code says whether one did."""
    book = nbformat.read(notebook, as_version=4)
    nbformat.validate(book)
    folder = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(book, timeout=SECONDS_A_CELL, resources=folder)
    # Made by the client, which then ends the kernel too.
    kernel = client.create_kernel_manager()
    # Files instead of ports: nobody else on the machine can speak to the kernel. Windows has only ports.
    if os.name == "posix":
        kernel.transport, kernel.ip = "ipc", str(sockets)
    started = time.monotonic()
    try:
        client.execute()
    except CellExecutionError as error:
        failed = [cell.id for cell in book.cells if any(o.output_type == "error" for o in cell.get("outputs", []))]
        print(f"cell {', '.join(failed)}: {error.ename}: {error.evalue}", file=sys.stderr)
        return 1
    finally:
        nbformat.write(book, out)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    idle = [cell.id for cell in cells if cell.execution_count is None]
    if idle:
        print(f"cells that were not run: {', '.join(idle)}", file=sys.stderr)
        return 1
    print(f"{len(cells)} cells ran in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(execute(*map(Path, sys.argv[1:])))
