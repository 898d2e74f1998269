"""Rows of every size and kind that the measurements need, made from one file in the same way each time.

Nothing here may run in the process that measures: what it holds would count as the measured programs' memory (see
`measure.own_peak_kib`), so that each is called through `apart`.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from measure import Failure

SEED = 1
# Frames of generated codes: any names do.
FRAMES = ["first", "second", "third"]
# Of the words neither rare nor common, one in so many marks a sentence as carrying a frame.
MARKED_EVERY = 25
# Codes that contradict the rule, so that no fit can separate the classes.
NOISE = 0.05
SENTENCES_PER_ARTICLE = 25
SENTENCES_PER_PARAGRAPH = 3
# Of predicted rows, one in so many is coded.
CODED_EVERY = 20
WORD = re.compile(r"\w+")
# Words, and other signs one by one: what fastText's command line splits at blanks.
TOKEN = re.compile(r"\w+|[^\w\s]")

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Source:
    """Where sentences come from: a CSV with a text column, or, to make them up, the bundled labels."""

    path: Path
    text_column: str
    generated: bool


def _told(work: Callable[..., None], *args: object) -> None:
    try:
        work(*args)
    except Failure as failure:
        sys.exit(f"error: {failure}")


def apart(work: Callable[..., None], *args: object) -> None:
    """Calls `work` in a process of its own, whose memory ends with it."""
    process = multiprocessing.get_context("fork").Process(target=_told, args=(work, *args))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise Failure(f"{work.__name__} failed; its message stands above")


def records(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def coded_rows(path: Path, limit: int | None = None) -> list[tuple[str, list[str]]]:
    """Text and frames of the coded rows; an empty cell means that nobody coded the row."""
    coded = ((row["text"], row["labels"]) for row in records(path) if row["labels"])
    return [
        (text, [label for label in labels.split(";") if label != "none"]) for text, labels in islice(coded, limit)
    ]


def columns(path: Path) -> list[str]:
    """The header of a CSV."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def count(path: Path) -> int:
    """Rows of a CSV, without its header."""
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def count_lines(path: Path) -> int:
    """Lines of a text file."""
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def _spliced(path: Path, text_column: str, n: int) -> Iterator[dict[str, str]]:
    """Made-up sentences: the beginning of one and the end of another, drawn by a seed."""
    sentences = [row[text_column].split() for row in records(path) if row[text_column]]
    draw = random.Random(SEED)
    for _ in range(n):
        head, tail = draw.choice(sentences), draw.choice(sentences)
        yield {"text": " ".join(head[: (len(head) + 1) // 2] + tail[len(tail) // 2 :])}


def _found(source: Source, n: int) -> Iterator[dict[str, str]]:
    for row in islice(records(source.path), n):
        yield {"text": row.pop(source.text_column), **row}


def write_rows(source: Source, path: Path, n: int, distinct: int) -> None:
    """Writes `n` rows: the first `distinct` of the source, over and over, with ids of their own.

    Sources without outlets or articles get some, for the comparison needs them.
    """
    found = _spliced(source.path, source.text_column, distinct) if source.generated else _found(source, distinct)
    tails: list[str] = []
    header: list[str] = []
    for i, row in enumerate(found):
        row = {"outlet": f"outlet-{i % 37}", "doc_id": f"article-{i // SENTENCES_PER_ARTICLE}", **row}
        row.pop("id", None)
        header = header or ["text", *(name for name in row if name != "text")]
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([row[name] for name in header])
        tails.append(line.getvalue())
    if not tails:
        raise Failure(f"{source.path} has no rows")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(["id", *header]) + "\n")
        file.writelines(f"row-{i},{tails[i % len(tails)]}" for i in range(n))


def write_tokens(rows: Path, path: Path) -> None:
    """The texts as fastText reads them: one a line, lower case, tokens parted by blanks."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(tokens(row["text"]) + "\n" for row in records(rows))


def tokens(text: str) -> str:
    """Lower case, tokens parted by blanks."""
    return " ".join(TOKEN.findall(text.lower()))


def _marks(word: str, frame: str) -> bool:
    return zlib.crc32(f"{SEED} {frame} {word}".encode()) % MARKED_EVERY == 0


def write_coded(rows: Path, path: Path, n: int) -> None:
    """Codes `n` rows by a rule on their words, with noise.

    A sentence carries a frame if it holds one of the frame's words: of the words that stand in 0.02 to 1 % of the
    rows, those that a hash picks. Every code is then turned over with probability `NOISE`.
    """
    chosen = list(islice(records(rows), n))
    words = [set(WORD.findall(row["text"].lower())) for row in chosen]
    df = Counter(word for sentence in words for word in sentence)
    low, high = max(2, n // 5000), max(5, n // 100)
    marked = {
        frame: {word for word, rows in df.items() if low <= rows <= high and _marks(word, frame)} for frame in FRAMES
    }
    draw = random.Random(SEED)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*chosen[0], "labels"], lineterminator="\n")
        writer.writeheader()
        for row, sentence in zip(chosen, words):
            labels = [frame for frame in FRAMES if bool(marked[frame] & sentence) != (draw.random() < NOISE)]
            writer.writerow({**row, "labels": ";".join(labels) or "none"})


def write_articles(rows: Path, path: Path, n: int) -> None:
    """Writes `n` articles of sentences that follow each other in the file, in paragraphs."""
    found = records(rows)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["doc_id", "outlet", "text"])
        for i in range(n):
            part = list(islice(found, SENTENCES_PER_ARTICLE))
            texts = [row["text"] for row in part]
            starts = range(0, len(texts), SENTENCES_PER_PARAGRAPH)
            paragraphs = [" ".join(texts[start : start + SENTENCES_PER_PARAGRAPH]) for start in starts]
            writer.writerow([f"article-{i}", part[0]["outlet"], "\n\n".join(paragraphs)])


def write_compared(scored: Path, path: Path, n: int) -> None:
    """Codes one in `CODED_EVERY` of `n` predicted rows: what was predicted, and now and then something else."""
    draw = random.Random(SEED)
    found = records(scored)
    first = next(found)
    frames = [name.removeprefix("p_") for name in first if name.startswith("p_")]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*first, "labels"], lineterminator="\n")
        writer.writeheader()
        for i, row in enumerate(islice((row for part in ([first], found) for row in part), n)):
            predicted = set(row["predicted"].split(";"))
            gold = [frame for frame in frames if (frame in predicted) != (draw.random() < NOISE)]
            row["labels"] = (";".join(gold) or "none") if i % CODED_EVERY == 0 else ""
            writer.writerow(row)
