"""Rows with names that would run if they were read as markup: python hostile_rows.py CODED.csv ROWS.csv, of which three in ten stay coded."""

import csv
import sys

NAMES = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title></style></svg><svg onload=alert(1)>"]


def main(coded, rows):
    with open(coded, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        kept = list(reader)
    outlets = sorted({row["outlet"] for row in kept})
    renamed = dict(zip(outlets, NAMES))
    for i, row in enumerate(kept):
        row["outlet"] = renamed.get(row["outlet"], row["outlet"])
        if i % 25 == 0:
            row["text"] = f"{NAMES[i % len(NAMES)]} {row['text']}"
        if i * 31 % 10 > 2:
            row["labels"] = ""
    with open(rows, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, reader.fieldnames)
        writer.writeheader()
        writer.writerows(kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
