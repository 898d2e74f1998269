"""Holds the work that the program does, counted in instructions, against benches/instructions.json.

    python3 tests/python/instructions.py [--program PROGRAM] [--update]

Seconds on a shared machine vary by more than most regressions are worth; instructions hardly vary. valgrind counts
those of small fixed workloads, made from committed files. What grows with its input is counted at two sizes, and the
difference divided by what was added, so that starting up, and loading the model, is counted once, by a line of its
own. More than the tolerance above what is expected fails. So does more than that below, so that what was won is kept:
--update writes the counts anew, and the change is read in `git diff`.

The tolerance, 5 %, is five times what three or four runs of the same program differ by (up to 1 % for compare, 0.5 %
for the others: hash tables are seeded anew, threads wait), and leaves room for how a compiler happens to inline. The
program is the one that `cargo build --release` makes; other settings count otherwise. Another compiler may too, so the
file says which one it was made with.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LABELS = ROOT / "labels" / "framing-en.csv"
EXPECTED = ROOT / "benches" / "instructions.json"
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


@dataclass(frozen=True)
class Workload:
    """One number: instructions a unit."""

    name: str
    unit: str
    # Counts it, given the program and a folder for files.
    count: Callable[[Path, Path], float]


def instructions(folder: Path, program: Path, *words: str | Path) -> int:
    """Instructions of one run on one thread."""
    counter = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind.%p'}"]
    command = [*counter, program, *words, "--threads", "1", "--quiet"]
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", check=False)
    found = COLLECTED.search(done.stderr)
    if done.returncode != 0 or found is None:
        sys.exit(
            f"error: {' '.join(map(str, command))}\nended with {done.returncode} and said: {done.stderr[-2000:]}"
        )
    return int(found[1])


def labelled(n: int) -> list[dict[str, str]]:
    """The first rows of the bundled labels."""
    with open(LABELS, newline="", encoding="utf-8") as file:
        return list(islice(csv.DictReader(file), n))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def sentences(n: int) -> list[dict[str, str]]:
    """Sentences that trained nothing: the beginning of one and the end of another, every third with an unseen word."""
    texts = [row["text"].split() for row in labelled(6_000)]
    rows = []
    for i in range(n):
        head, tail = texts[i % len(texts)], texts[(7 * i + 3) % len(texts)]
        words = head[: (len(head) + 1) // 2] + tail[len(tail) // 2 :]
        if i % 3 == 0:
            words.append(words[0][::-1].lower() + str(i))
        rows.append(
            {"id": str(i), "text": " ".join(words), "outlet": f"outlet-{i % 19}", "doc_id": f"article-{i // 12}"}
        )
    return rows


def articles(n: int) -> list[dict[str, str]]:
    """The articles that the bundled labels were taken from, put together again, and those of tests/articles."""
    texts: dict[str, list[str]] = {}
    for row in labelled(6_000):
        texts.setdefault(row["doc_id"], []).append(row["text"])
    rows = [
        {"doc_id": doc_id, "outlet": doc_id.split("-")[-1], "text": "\n\n".join(text)}
        for doc_id, text in texts.items()
    ]
    scraped = sorted((ROOT / "tests" / "articles").glob("*.txt"))
    rows = [
        {"doc_id": one.stem, "outlet": one.stem, "text": one.read_text(encoding="utf-8")} for one in scraped
    ] + rows
    return rows[:n]


def predict_start(program: Path, folder: Path) -> float:
    rows = write(folder / "single.csv", sentences(1))
    return instructions(folder, program, "predict", rows, "-o", folder / "single-scored.csv")


def predict_row(program: Path, folder: Path) -> float:
    # Many, since what starting up varies by is shared among them.
    n = 20_000

    def count(n: int) -> int:
        rows = write(folder / f"rows-{n}.csv", sentences(n))
        return instructions(folder, program, "predict", rows, "-o", folder / f"scored-{n}.csv")

    return (count(2 * n) - count(n)) / n


def train(program: Path, folder: Path) -> float:
    """Folds, the path of penalties, calibration and intervals, all of it short."""
    coded = write(folder / "coded.csv", labelled(200))
    options = ["--folds", "2", "--alpha", "1,0.3", "--no-leakage", "--n-bootstrap", "50"]
    return instructions(folder, program, "train", coded, "-o", folder / "model.safetensors", *options)


def segment_byte(program: Path, folder: Path) -> float:
    n = 150

    def count(n: int) -> tuple[int, int]:
        rows = articles(n)
        path = write(folder / f"articles-{n}.csv", rows)
        found = instructions(folder, program, "segment", path, "-o", folder / f"sentences-{n}.csv")
        return found, sum(len(row["text"].encode()) for row in rows)

    (few, fewer_bytes), (many, more_bytes) = count(n), count(2 * n)
    return (many - few) / (more_bytes - fewer_bytes)


def compare_row(program: Path, folder: Path) -> float:
    """Of predicted rows, every eighth coded."""
    n = 1_000

    def count(n: int) -> int:
        rows = [
            {**row, "labels": coded["labels"] if i % 8 == 0 else ""}
            for i, (row, coded) in enumerate(zip(sentences(n), labelled(n), strict=True))
        ]
        given, scored = write(folder / f"coded-{n}.csv", rows), folder / f"compared-{n}.csv"
        subprocess.run([program, "predict", given, "-o", scored, "--quiet"], check=True)
        return instructions(
            folder, program, "compare", scored, "-o", folder / f"comparison-{n}", "--n-bootstrap", "40"
        )

    return (count(2 * n) - count(n)) / n


WORKLOADS = [
    Workload("predict", "row", predict_row),
    Workload("predict, starting up", "run on one row", predict_start),
    Workload("train", "run on 200 rows", train),
    Workload("segment", "byte", segment_byte),
    Workload("compare", "row", compare_row),
]


def counted(program: Path) -> dict[str, float]:
    """Every workload; as many at once as there are cores, since a busy machine counts like an idle one."""

    def count(workload: Workload) -> float:
        with tempfile.TemporaryDirectory(prefix="framescope-instructions-") as folder:
            found = workload.count(program, Path(folder))
        print(f"counted: {workload.name}", file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((one.name for one in WORKLOADS), pool.map(count, WORKLOADS)))


def verdict(change: float, tolerance: float) -> str:
    if change > tolerance:
        return "MORE WORK"
    return "less work: run with --update" if change < -tolerance else "as expected"


def print_table(expected: dict[str, float], found: dict[str, float], tolerance: float) -> bool:
    """Prints each workload, and returns whether all are as expected."""
    print(f"{'instructions of':<22}{'a':<16}{'expected':>16}{'found':>16}{'change':>10}")
    holds = True
    for workload in WORKLOADS:
        before, now = expected[workload.name], found[workload.name]
        change = now / before - 1
        holds &= abs(change) <= tolerance
        counts = f"{before:>16,.0f}{now:>16,.0f}{change:>+10.1%}"
        print(f"{workload.name:<22}{workload.unit:<16}{counts}  {verdict(change, tolerance)}")
    print(f"tolerance: {tolerance:.0%} either way")
    return holds


def compiler() -> str:
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, encoding="utf-8").stdout.strip()


def update(found: dict[str, float], tolerance: float) -> None:
    units = {workload.name: workload.unit for workload in WORKLOADS}
    counts = {name: {"unit": units[name], "instructions": round(count)} for name, count in found.items()}
    data = {"compiler": compiler(), "tolerance": tolerance, "counts": counts}
    EXPECTED.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {EXPECTED.relative_to(ROOT)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/framescope", help="the release build")
    parser.add_argument("--update", action="store_true", help="write the counts found to benches/instructions.json")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("error: valgrind is not installed. On Debian and Ubuntu: apt-get install valgrind")
    if not options.program.is_file():
        sys.exit(f"error: there is no {options.program}; `cargo build --release` makes it, or name it with --program")
    known = json.loads(EXPECTED.read_text(encoding="utf-8"))
    expected = {name: one["instructions"] for name, one in known["counts"].items()}
    found = counted(options.program.resolve())
    # A workload that is new is counted, and then expected.
    holds = print_table({**found, **expected}, found, known["tolerance"])
    if options.update:
        update(found, known["tolerance"])
    elif not holds or set(expected) != set(found):
        if known["compiler"] != compiler():
            print(
                f"counted with {compiler()}, expected with {known['compiler']}: the difference may be the compiler's"
            )
        sys.exit("error: this is not what benches/instructions.json says; what is meant is written there by --update")


if __name__ == "__main__":
    main()
