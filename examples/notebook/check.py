"""Whether pandas and polars read what the notebook made, without any argument: `check.py RESULTS PROGRAM`.

Columns, types and empty cells are held to `framescope schema`, and scored and drawn rows to the bytes that they were
made from.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import polars as pl

HERE = Path(__file__).resolve().parent
FRAMES = ["accusation", "dialogue", "escalation"]
# Only with --keep-boilerplate, and only of a model with a sentence encoder.
ABSENT = {("sentences", "boilerplate"), ("explanations", "context")}
# Each file, with the tables of the schema whose columns it has, one behind the other.
TABLES = {
    "sentences.csv": ["sentences"],
    "to_code.csv": ["sentences", "to_code"],
    "forecast.csv": ["forecast"],
    "training.csv": ["evaluation"],
    "evaluation.csv": ["evaluation"],
    "scored.csv": ["sentences", "predictions"],
    "comparison/shares.csv": ["shares"],
    "comparison/differences.csv": ["differences"],
    "explanations.csv": ["explanations"],
}
POLARS = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
# Rows drawn from each of the three outlets.
PER_OUTLET = 48


@dataclass(frozen=True)
class Column:
    """A column, as the schema has it."""

    name: str
    type: str
    can_be_empty: bool


class Findings(list):
    """What is wrong, a line each."""

    def unless(self, holds: bool, finding: str) -> None:
        """Notes the finding if it does not hold."""
        if not holds:
            self.append(finding)


def schema(program: Path) -> dict[str, list[Column]]:
    """The columns of each table, as the program tells them."""
    done = subprocess.run([program, "schema", "--format", "csv"], check=False, capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"{program} tells no schema: {done.stderr.strip()}")
    tables: dict[str, list[Column]] = {}
    for row in csv.DictReader(done.stdout.splitlines()):
        names = [f"p_{frame}" for frame in FRAMES] if row["column"] == "p_<frame>" else [row["column"]]
        if (row["table"], row["column"]) not in ABSENT:
            tables.setdefault(row["table"], []).extend(
                Column(name, row["type"], row["can_be_empty"] == "yes") for name in names
            )
    return tables


def has_type(cells: pd.Series, wanted: str) -> bool:
    """Whether pandas took a column for what it is. One that is empty throughout says nothing of its type."""
    if wanted == "integer":
        return cells.dtype == "int64"
    if wanted == "number":
        return cells.dtype == "float64"
    return pd.api.types.is_string_dtype(cells.dtype) or bool(cells.isna().all())


def check_table(path: Path, columns: list[Column], found: Findings) -> int:
    """Holds a file to the columns that it should have, and returns its number of rows."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    name, pandas, polars = path.name, pd.read_csv(path), pl.read_csv(path)
    wanted = [column.name for column in columns]
    for reader, names in (("csv", header), ("pandas", list(pandas.columns)), ("polars", polars.columns)):
        found.unless(names == wanted, f"{name}: {reader} reads the columns {names}, and the schema has {wanted}")
    counts = (len(rows), len(pandas), polars.height)
    found.unless(len(set(counts)) == 1 and counts[0] > 0, f"{name}: csv, pandas and polars count {counts} rows")
    for place, column in enumerate(columns):
        if not header == list(pandas.columns) == polars.columns == wanted:
            break
        where = f"{name}, {column.name}"
        seen, also = pandas[column.name], polars[column.name]
        found.unless(has_type(seen, column.type), f"{where}: {column.type}, and pandas reads {seen.dtype}")
        found.unless(also.dtype == POLARS[column.type], f"{where}: {column.type}, and polars reads {also.dtype}")
        n_empty = sum(not row[place] for row in rows)
        found.unless(column.can_be_empty or n_empty == 0, f"{where}: empty in {n_empty} rows, and never should be")
        missing = (int(seen.isna().sum()), also.null_count())
        found.unless(missing == (n_empty, n_empty), f"{where}: {n_empty} cells empty; pandas, polars: {missing}")
    return len(rows)


def check_bytes(path: Path, source: Path, in_place: bool, found: Findings) -> None:
    """Each line is one of the source with more cells behind it: all in their order, or some where not in place."""
    before, after = (file.read_bytes().splitlines() for file in (source, path))
    if in_place:
        found.unless(len(after) == len(before), f"{path.name}: {len(after)} lines, and {len(before)} in {source.name}")
    # By id, the first cell, which no comma stands in.
    lines = {line.split(b",", 1)[0]: line for line in before}
    sources = before if in_place else [lines.get(line.split(b",", 1)[0], b"") for line in after]
    for line, old in zip(after, sources):
        found.unless(line.startswith(old + b","), f"{path.name}: {line!r} does not begin with the bytes {old!r}")
        cells, was = (next(csv.reader([one.decode("utf-8")])) for one in (line, old))
        found.unless(cells[: len(was)] == was, f"{path.name}: {cells} does not begin with the cells {was}")


def check(results: Path, program: Path) -> Findings:
    """Everything, gathered so that one run tells all that is wrong."""
    found, counts = Findings(), {}
    made = {path.relative_to(results).as_posix() for path in results.rglob("*.csv")}
    if made != set(TABLES):
        found.append(f"the notebook made {sorted(made)}, and {sorted(TABLES)} were to be checked")
        return found
    tables = schema(program)
    for name, parts in TABLES.items():
        unknown = [part for part in parts if part not in tables]
        found.unless(not unknown, f"{name}: framescope schema has no table {unknown}; it has {sorted(tables)}")
        columns = [column for part in parts for column in tables.get(part, [])]
        counts[name] = check_table(results / name, columns, found)
    sentences = results / "sentences.csv"
    check_bytes(results / "scored.csv", sentences, True, found)
    for drawn in (results / "to_code.csv", HERE / "codes.csv"):
        check_bytes(drawn, sentences, False, found)
    n_outlets = pd.read_csv(sentences).outlet.nunique()
    for name, wanted in (("scored.csv", counts["sentences.csv"]), ("to_code.csv", n_outlets * PER_OUTLET)):
        found.unless(counts[name] == wanted, f"{name}: {counts[name]} rows, and {wanted} were to be there")
    if not found:
        n_rows = sum(counts.values())
        print(f"{len(counts)} tables, {n_rows} rows: pandas and polars read them as framescope schema says")
    return found


if __name__ == "__main__":
    findings = check(*map(Path, sys.argv[1:]))
    for finding in findings:
        print(finding, file=sys.stderr)
    sys.exit(1 if findings else 0)
