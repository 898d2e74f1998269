"""Writes the inputs that the fuzzers begin with, corpus/<target>/, from the repository's own files.

    python3 tests/fuzz/seed.py target/release/framescope

The program trains the small models that the target `model` begins with.
"""

import csv
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What a table may hold that is not plain.
ODD = [
    'text,labels\n"a ""b"" c",none\n"two\nlines",a;b\n',
    "id,text,p_x\r\n1,é “x”,0.5\r\n2,,\r\n",
    'text\tn\n5" gun\t1\n"x" y\t2\n',
    "\ufefftext;labels\n'a “b' c”;a\n",
    "text,b,a\nOne,1,0\nTwo,,1.0\nThree,True,False\n",
    '{"text": "a", "n": 7.0, "x": null}\n\n  {"n": {"y": [1, "\\u00e9"]}, "text": "b\\n"}\n',
    '{"text": "a", "labels": "a;b"}\n{"text": "b", "labels": "none"}\n',
]


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)


def coded_rows():
    with open(ROOT / "labels" / "framing-en.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(rows, columns):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def with_encoder(model):
    """The model as if an encoder with vectors of two numbers had been there; the fuzzer makes its hash right."""
    (length,) = struct.unpack("<Q", model[:8])
    header, data = json.loads(model[8 : 8 + length]), model[8 + length :]
    metadata = json.loads(header["__metadata__"]["framescope"])
    identity = {"name": "any", "sha256": "0" * 64, "dim": 2, "max_tokens": 8}
    n_frames = len(metadata["frames"])
    encoder = {"encoder": {"identity": identity, "weights": [1.0] * n_frames, "alone": False}}
    header["__metadata__"]["framescope"] = json.dumps({**encoder, **metadata}, separators=(",", ":"))
    weights = struct.pack("<f", 0.5) * 2 * n_frames
    offsets = [len(data), len(data) + len(weights)]
    header["weights.dense"] = {"dtype": "F32", "shape": [n_frames, 2], "data_offsets": offsets}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data + weights


def models(program, rows):
    """Small models, of three frames and of one, and one as with an encoder."""
    # Every thirtieth row, so that each frame occurs; of two outlets, so that the summary stays small.
    few = [
        dict(row, escalation=int("escalation" in row["labels"]), outlet="AB"[number % 2])
        for number, row in enumerate(rows[::30])
    ]
    least = ["--alpha", "1", "--folds", "2", "--n-bootstrap", "0", "--no-leakage", "--min-df-subword", "3", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        coded, model = pathlib.Path(folder, "coded.csv"), pathlib.Path(folder, "model.safetensors")
        for columns, options in [
            (["text", "labels"], ["--max-features", "30"]),
            (["text", "labels", "outlet"], ["--max-features", "8", "--names", "mask", "--max-subword", "4"]),
            (["text", "escalation"], ["--max-features", "20", "--frames", "escalation", "--max-words", "1"]),
        ]:
            coded.write_text(table(few, columns), encoding="utf-8")
            train = [program, "train", coded, "-o", model, *least, *options]
            subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
            yield model.read_bytes()
        yield with_encoder(model.read_bytes())


def main(program):
    rows = coded_rows()
    small = [table(rows[:5], ["text", "labels"]), table(rows[:3], ["id", "doc_id", "text", "labels", "outlet"]), *ODD]
    # The first byte of a table says how it is to be read.
    tables = [bytes([options]) + seed.encode() for seed in small for options in range(8)]
    write("rows", tables)
    write("labels", tables)
    write("model", models(program, rows))
    articles = [path.read_bytes() for path in sorted((ROOT / "tests" / "articles").iterdir())]
    write("segment", articles + [seed.encode() for seed in ODD])


main(*sys.argv[1:])
