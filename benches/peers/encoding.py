"""A sentence encoder's vectors: framescope beside sentence-transformers, on the same sentences."""

from __future__ import annotations

import math
import re
import struct
from functools import partial
from pathlib import Path

from encoder_environment import Encoder
from measure import Command, Failure, Run, interleaved, median, run
from rows import apart
from setting import Result, Setting, tell
from table import times

SPEED_GOAL = 1.5
# Of a number in a vector; the vectors have length 1.
DIFFERENCE_GOAL = 1e-4
SAID = re.compile(r"(\d+) sentences in ([\d.]+) s")
# Of a file of vectors that are read at a time.
PART_BYTES = 1 << 20


def _timed(command: Command, n: int, told: Path) -> Run:
    """The seconds that a program says of itself, so that its start and the encoder's loading are not in them."""
    run(command, stdout=told)
    said = told.read_text(encoding="utf-8")
    found = SAID.search(said)
    if found is None or int(found[1]) != n:
        raise Failure(f"{command[0]} was to encode {n} sentences, and said: {said.strip() or 'nothing'}")
    return Run(float(found[2]))


def write_difference(ours: Path, theirs: Path, out: Path) -> None:
    """Writes the greatest difference between two files of 32-bit numbers, little-endian; infinite where one is none."""
    if ours.stat().st_size != theirs.stat().st_size or not ours.stat().st_size:
        sizes = [path.stat().st_size for path in (ours, theirs)]
        raise Failure(f"vectors of {sizes[0]:,} and {sizes[1]:,} bytes cannot be compared")
    greatest = 0.0
    with open(ours, "rb") as left, open(theirs, "rb") as right:
        while part := left.read(PART_BYTES):
            for (x,), (y,) in zip(struct.iter_unpack("<f", part), struct.iter_unpack("<f", right.read(PART_BYTES))):
                difference = abs(x - y)
                # No comparison holds for what is no number: it would pass unseen.
                greatest = max(greatest, math.inf if math.isnan(difference) else difference)
    out.write_text(str(greatest), encoding="utf-8")


def encode(setting: Setting, encoder: Encoder) -> list[Result]:
    """Both programs in turn, each with every core, as it is by default."""
    folder, n = setting.folder, setting.sizes.encode
    told, difference = folder / "told.txt", folder / "difference.txt"
    vectors = {name: folder / f"{name}.f32" for name in ("framescope", "sentence-transformers")}
    words: list[str | Path] = [encoder.folder, setting.rows, str(n)]
    peer = Path(__file__).with_name("sbert_peer.py")
    tell(f"encoding {n} sentences")
    tasks = {
        "framescope": partial(_timed, [encoder.encode, *words, vectors["framescope"]], n, told),
        "sentence-transformers": partial(
            _timed, [encoder.python, peer, *words, vectors["sentence-transformers"]], n, told
        ),
    }
    runs = interleaved(tasks, setting.sizes.runs, tell)
    apart(write_difference, *vectors.values(), difference)
    greatest = float(difference.read_text(encoding="utf-8"))
    for path in [told, difference, *vectors.values()]:
        path.unlink()
    ratio = median(runs["sentence-transformers"]) / median(runs["framescope"])
    note = (
        f"**{times(ratio)} as fast as sentence-transformers** (goal {SPEED_GOAL} ×); "
        f"**greatest difference of a vector's number {greatest:.1e}** (goal at most {DIFFERENCE_GOAL:.0e})"
    )
    facts = {"times_sentence-transformers": ratio, "greatest_difference": greatest}
    return [
        Result("encode", name, n, "sentences", done, *((note, facts) if name == "framescope" else ()))
        for name, done in runs.items()
    ]
