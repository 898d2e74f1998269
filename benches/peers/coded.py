"""Coded rows to learn from and to be judged on, cut and drawn in the same way each time.

As in `rows`, nothing here may run in the process that measures but through `apart`.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from measure import Failure
from rows import SEED, columns, records

NEEDED_COLUMNS = ("text", "labels")
# The word for a coded row without a frame.
NONE = "none"


@dataclass(frozen=True)
class Coded:
    """Coded rows with the columns text and labels, and those to be judged on, if they are in a file of their own."""

    path: Path
    test: Path | None

    def check(self) -> None:
        """Fails where a file or a column is missing."""
        for path in filter(None, (self.path, self.test)):
            if not path.is_file():
                raise Failure(f"there is no file {path}")
            missing = [name for name in NEEDED_COLUMNS if name not in columns(path)]
            if missing:
                raise Failure(f"{path} has no column {missing[0]!r}, but {columns(path)}; text and labels are needed")

    def told(self) -> str:
        """Which rows are learned from and judged on."""
        if self.test is not None:
            return f"fine-tuned on {self.path.name} and judged on {self.test.name}"
        return f"fine-tuned on half of {self.path.name}, by articles where it has a doc_id, and judged on the other"


def _coded(path: Path, limit: int | None) -> list[dict[str, str]]:
    """The coded rows; an empty text cannot be predicted, and an empty cell of labels means that nobody coded it."""
    found = list(islice((row for row in records(path) if row["labels"] and row["text"].strip()), limit))
    if not found:
        raise Failure(f"{path} has no coded rows: its column labels is empty, or its column text")
    return found


def _write(path: Path, rows: Iterable[dict[str, str]], header: Iterable[str]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(header), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_halves(coded: Coded, limit: int | None, train: Path, test: Path) -> None:
    """Writes the coded rows, of each file at most the first `limit`, to learn from and to be judged on.

    Where no rows to be judged on are named, whole articles (rows, where no doc_id names their article) are drawn by a
    seed to learn from, until they are half of the rows; the others are judged on. Both keep the order of the file.
    """
    rows = _coded(coded.path, limit)
    if coded.test is not None:
        _write(train, rows, rows[0])
        judged = _coded(coded.test, limit)
        _write(test, judged, judged[0])
        return
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(row.get("doc_id") or f"row {i}", []).append(i)
    drawn = list(groups.values())
    random.Random(SEED).shuffle(drawn)
    learned: set[int] = set()
    for group in drawn:
        if 2 * len(learned) >= len(rows):
            break
        learned.update(group)
    if len(learned) == len(rows):
        raise Failure(
            f"all {len(rows)} coded rows of {coded.path} are of one article: name others to be judged on with --test"
        )
    _write(train, (row for i, row in enumerate(rows) if i in learned), rows[0])
    _write(test, (row for i, row in enumerate(rows) if i not in learned), rows[0])


def label_counts(train: Path) -> dict[str, int]:
    """How many rows carry each label, `none` among them."""
    counts: dict[str, int] = {}
    for row in records(train):
        for label in row["labels"].split(";"):
            counts[label] = counts.get(label, 0) + 1
    return counts


def write_few(train: Path, path: Path, n: int, draw: int) -> None:
    """Draws `n` rows that carry each label, `none` among them, by the seed `draw`; in the order of the file.

    A row of several frames can be drawn for each of them, so that there may be fewer rows than `n` a label, and more
    than `n` that carry a frame.
    """
    rows = list(records(train))
    source = random.Random(f"{SEED} {n} {draw}")
    chosen: set[int] = set()
    for label in sorted({label for row in rows for label in row["labels"].split(";")}):
        chosen.update(source.sample([i for i, row in enumerate(rows) if label in row["labels"].split(";")], n))
    _write(path, (rows[i] for i in sorted(chosen)), rows[0])
