"""framescope beside what its users would take instead, on one machine in one run.

    python3 benches/peers/run.py [ROWS.csv]      or: just bench-peers [ROWS.csv]

Builds the programs, installs the peers in a virtual environment under target/, and prints one markdown table.
ROWS.csv is any CSV with a text column. Progress goes to stderr, the table to stdout. Sentence encoders are measured
with --encoder alone: their peers are large.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from about import described, heading, remarks
from coded import Coded
from encoder_environment import PACKED, Encoder, prepare_encoder
from encoding import encode
from environment import LABELS, ROOT, machine, prepare, versions
from measure import Failure
from prediction import as_rows_grow, beside_peers
from rows import Source, apart, columns, write_rows
from setting import FULL_SCALE, QUICK, Result, Setting, Sizes, tell
from stages import compare, segment
from table import as_data, markdown
from training import solvers, whole
from tuning import few, tune

DEFAULT_ROWS = ROOT.parent / "shared" / "data" / "news_200k.csv"
SECTIONS = ("predict", "scale", "solver", "train", "segment", "compare")
ENCODER_SECTIONS = ("encode", "tune", "few")


def arguments() -> argparse.Namespace:
    """What can be typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "rows",
        nargs="?",
        type=Path,
        metavar="ROWS.csv",
        help="rows to predict; more than 200,000 are not read, fewer are repeated",
    )
    parser.add_argument(
        "--text-column", default="text", metavar="NAME", help="the column that holds the sentences [default: text]"
    )
    parser.add_argument("--generated", action="store_true", help="make the rows up from the bundled labels instead")
    parser.add_argument("--full", action="store_true", help="predict 10,000,000 rows too, which needs 5 GB of disk")
    parser.add_argument(
        "--quick", action="store_true", help="everything tiny, to see that it works; the numbers mean nothing"
    )
    parser.add_argument(
        "--only", choices=SECTIONS + ENCODER_SECTIONS, action="append", help="this part alone; may be repeated"
    )
    parser.add_argument("--runs", type=int, metavar="N", help="runs of each measurement [default: 3]")
    parser.add_argument(
        "--cap", type=float, default=3600, metavar="SECONDS", help="stop a training after so long [default: 3600]"
    )
    parser.add_argument(
        "--framescope", type=Path, metavar="PROGRAM", help="measure this program instead of building it"
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        metavar="DIR",
        help="where files are written and removed again [default: the system's]",
    )
    parser.add_argument(
        "--encoder",
        metavar="DIR|NAME",
        help="measure this sentence encoder too, beside sentence-transformers and SetFit, which need 8 GB of disk: "
        f"its folder, or a name to fetch ({', '.join(PACKED)})",
    )
    parser.add_argument(
        "--coded",
        type=Path,
        default=LABELS,
        metavar="CSV",
        help="coded rows to fine-tune the encoder on, with columns text and labels [default: the bundled labels]",
    )
    parser.add_argument(
        "--test", type=Path, metavar="CSV", help="coded rows to judge it on [default: half of --coded, drawn by a seed]"
    )
    parser.add_argument("--few", action="store_true", help="fine-tune it on few rows too, many times: this takes hours")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args()


def source(options: argparse.Namespace) -> Source:
    """The rows that were named, else those beside the project, else none without being asked."""
    path = options.rows or (None if options.generated or options.quick else DEFAULT_ROWS)
    if path is None:
        return Source(LABELS, "text", generated=True)
    if options.rows is None and not path.is_file():
        raise Failure(
            f"{path} is not here, so name the rows to predict: `just bench-peers ROWS.csv`.\n"
            "Any CSV with a text column will do, best with 200,000 rows. "
            "`just bench-peers --generated` makes up 200,000 rows from the bundled labels, and the table says so."
        )
    if not path.is_file():
        raise Failure(f"there is no file {path}")
    if options.text_column not in columns(path):
        raise Failure(
            f"{path} has no column {options.text_column!r}, but {columns(path)}; name it with --text-column"
        )
    return Source(path, options.text_column, generated=False)


def parts(options: argparse.Namespace) -> tuple[str, ...]:
    """The parts to measure, in order: those that were named, or all for which there is what they need."""
    if options.encoder is None:
        asked = [name for name in ENCODER_SECTIONS if name in (options.only or ())]
        if options.few or options.test or asked:
            asked_by = f"--only {asked[0]}" if asked else "--few" if options.few else "--test"
            known = ", ".join(PACKED)
            raise Failure(f"{asked_by} is about sentence encoders: name a folder with --encoder, or one of {known}")
        return tuple(options.only or SECTIONS)
    chosen = tuple(options.only or (*SECTIONS, "encode", "tune"))
    return (*chosen, "few") if options.few and "few" not in chosen else chosen


def sizes(options: argparse.Namespace) -> Sizes:
    """How large and how often."""
    chosen = QUICK if options.quick else Sizes()
    if options.full and not options.quick:
        chosen = dataclasses.replace(chosen, scale=FULL_SCALE)
    if options.runs is not None and options.runs < 1:
        raise Failure(f"--runs is {options.runs}, but at least one run is needed")
    return dataclasses.replace(chosen, runs=options.runs or chosen.runs)


def check_disk(folder: Path, full: bool) -> None:
    """Better now than after the hours."""
    needed, free = (6e9 if full else 3e9), shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            f"{folder} has {free / 1e9:.1f} GB left and needs {needed / 1e9:.0f}; name another with --work-dir"
        )


def measured(
    setting: Setting, rows: Source, chosen: tuple[str, ...], encoder: Encoder | None, coded: Coded
) -> Iterator[list[Result]]:
    """Every part in turn."""
    measures: dict[str, Callable[[], list[Result]]] = {
        "predict": lambda: beside_peers(setting, rows),
        "scale": lambda: as_rows_grow(setting, rows),
        "solver": lambda: solvers(setting),
        "train": lambda: whole(setting),
        "segment": lambda: segment(setting),
        "compare": lambda: compare(setting),
    }
    if encoder is not None:
        measures |= {
            "encode": lambda: encode(setting, encoder),
            "tune": lambda: tune(setting, encoder, coded),
            "few": lambda: few(setting, encoder, coded),
        }
    for name in chosen:
        tell(f"=== {name}")
        yield measures[name]()


def main() -> None:
    options = arguments()
    rows, size, chosen = source(options), sizes(options), parts(options)
    coded = Coded(options.coded, options.test)
    coded.check()
    work_dir = options.work_dir or Path(tempfile.gettempdir())
    if not work_dir.is_dir():
        raise Failure(f"there is no folder {work_dir}")
    if not options.quick:
        check_disk(work_dir, options.full)
    if options.json:
        # A path that cannot be written should fail before the hours, not after.
        options.json.touch()
    encoder = prepare_encoder(options.encoder, options.framescope, tell) if options.encoder else None
    programs = prepare(options.framescope, tell)
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(programs, own=options.framescope is None) | (encoder.versions() if encoder else {}),
        "rows": described(rows, size, coded if {"tune", "few"}.intersection(chosen) else None),
    }
    with tempfile.TemporaryDirectory(prefix="framescope-peers-", dir=work_dir) as folder:
        setting = Setting(programs, size, Path(folder), Path(folder) / "rows.csv", options.cap)
        apart(write_rows, rows, setting.rows, size.predict, size.predict)
        results: list[Result] = []
        # Where a part fails or is stopped, hours may stand before it: what was measured is told.
        try:
            for part in measured(setting, rows, chosen, encoder, coded):
                results += part
        finally:
            print(f"{heading(options.quick, about)}\n\n{markdown(results)}\n\n{remarks(size, chosen)}")
            if options.json:
                data = about | {"quick": options.quick, "results": [as_data(result) for result in results]}
                options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
