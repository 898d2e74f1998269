#!/usr/bin/env python3
"""Runs the notebook as a newcomer would: a new virtual environment, a real kernel, and a look at every file it made.

    python3 examples/notebook/run.py [--framescope PROGRAM] [--keep FOLDER]

Needs Python 3.11 or later and, without --framescope, a Rust toolchain. Everything is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOTEBOOK = HERE / "framing.ipynb"


class Failure(Exception):
    """Told in one line, without a traceback."""


def run(command: list[str | Path], **options) -> None:
    """Runs a command whose output is shown.

    Raises Failure if it fails.
    """
    try:
        done = subprocess.run(command, check=False, **options)
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run: {error}") from error
    if done.returncode != 0:
        raise Failure(f"`{' '.join(map(str, command))}` ended with exit code {done.returncode}")


def check_stripped() -> None:
    """The notebook in the repository holds no outputs: they would be out of date, and fill every diff.

    Raises Failure if it does.
    """
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    full = [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count") is not None]
    if full:
        raise Failure(f"{NOTEBOOK} has outputs or execution counts in the cells {', '.join(full)}; clear them")


def built() -> Path:
    """The program, built in release.

    Raises Failure if cargo fails or is not there.
    """
    command = ["cargo", "build", "--release", "--message-format=json-render-diagnostics"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    except OSError as error:
        raise Failure(f"cargo cannot be run ({error}); name a program with --framescope") from error
    if done.returncode != 0:
        raise Failure("cargo could not build framescope; its messages stand above")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return Path([message["executable"] for message in messages if message.get("executable")][-1])


def environment(folder: Path) -> Path:
    """The interpreter of a new virtual environment with what the notebook imports.

    Raises Failure if something cannot be installed.
    """
    started = time.monotonic()
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "Debian and Ubuntu have what it takes in the package python3-venv"
        raise Failure(f"no virtual environment can be made ({error}); {hint}") from error
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--requirement", HERE / "requirements.txt"])
    print(f"virtual environment in {time.monotonic() - started:.0f} s", flush=True)
    return python


def variables(work: Path, results: Path, program: Path) -> dict[str, str]:
    """What the kernel is told. Settings and caches of the user neither reach it nor are written."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON", "PYTHON"))}
    return kept | {
        "FRAMESCOPE": str(program),
        "FRAMESCOPE_WORK": str(results),
        "IPYTHONDIR": str(work / "ipython"),
        "JUPYTER_CONFIG_DIR": str(work / "jupyter"),
        "JUPYTER_DATA_DIR": str(work / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(work / "jupyter"),
        "MPLCONFIGDIR": str(work / "matplotlib"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below, with its size and when it was written."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def main(arguments: argparse.Namespace, work: Path) -> None:
    """All of it.

    Raises Failure at the first thing that is not as it should be.
    """
    check_stripped()
    before = files(HERE)
    program = (arguments.framescope or built()).resolve()
    if not program.is_file():
        raise Failure(f"{program} is no program; --framescope names the file that cargo has built")
    results, executed = work / "results", work / "framing.ipynb"
    results.mkdir()
    python = environment(work / "environment")
    settings = variables(work, results, program)
    try:
        run([python, HERE / "execute.py", NOTEBOOK, executed, work / "kernel"], env=settings)
        run([python, HERE / "check.py", results, program], env=settings)
    finally:
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            shutil.copytree(results, arguments.keep, dirs_exist_ok=True)
            if executed.exists():
                shutil.copy(executed, arguments.keep)
            print(f"results and executed notebook are in {arguments.keep}")
    changed = sorted(name for name, _ in before.items() ^ files(HERE).items())
    if changed:
        raise Failure(f"files of {HERE} were made, changed or removed: {', '.join(dict.fromkeys(changed))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--framescope", type=Path, metavar="PROGRAM", help="the program [default: built in release]")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where results and the executed notebook are kept")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="framescope-") as temporary:
        try:
            main(parsed, Path(temporary))
        except Failure as failure:
            sys.exit(f"failed: {failure}")
