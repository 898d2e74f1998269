"""Reads the bundled model with `safetensors` alone, and reaches the logits that the program prints.

    python tests/python/read_model.py MODEL.safetensors PROGRAM

Everything here follows the description of the file in src/model/artifact.rs, and the formulas in src/features/vocabulary.rs
and src/model/scorer.rs; nothing of framescope is called but `explain`, whose answer is what must be reached.
"""

import json
import math
import re
import subprocess
import sys
import unicodedata
from collections import Counter

from safetensors import safe_open

SENTENCES = [
    "The minister accused the neighbours of lying, and the ministry said “talks are off”.",
    "Both sides agreed to resume talks on Monday; the two sides' envoys agreed on little else.",
    "Qxzvort troops massed at the border, troops that Mr. Zzyblat's government had threatened to send.",
]
TOLERANCE = 1e-5


def check(holds, message):
    if not holds:
        sys.exit(f"error: {message}")


def read(path):
    """The metadata, and the tensors as lists with their dtypes and shapes checked."""
    with safe_open(path, framework="numpy") as file:
        metadata = json.loads(file.metadata()["framescope"])
        slices = {name: file.get_slice(name) for name in file.keys()}
        found = {name: (part.get_dtype(), list(part.get_shape())) for name, part in slices.items()}
        tensors = {name: file.get_tensor(name) for name in found}
    n_frames = len(metadata["frames"])
    n_words, n_subwords = (len(tensors[f"{kind}.offsets"]) - 1 for kind in ("words", "subwords"))
    n_pairs = len(tensors["pairs"])
    expected = {
        "idf.subwords": ("F32", [n_subwords]),
        "idf.words": ("F32", [n_words + n_pairs]),
        "intercepts": ("F64", [n_frames]),
        "pairs": ("U32", [n_pairs, 2]),
        "subwords.bytes": ("U8", [int(tensors["subwords.offsets"][-1])]),
        "subwords.offsets": ("U32", [n_subwords + 1]),
        "trained_on": ("U64", [len(tensors["trained_on"])]),
        "weights.dense": ("F32", [n_frames, 0]),
        "weights.subwords": ("F32", [n_frames, n_subwords]),
        "weights.words": ("F32", [n_frames, n_words + n_pairs]),
        "words.bytes": ("U8", [int(tensors["words.offsets"][-1])]),
        "words.offsets": ("U32", [n_words + 1]),
    }
    check(found == expected, f"the tensors are\n{found}\nbut should be\n{expected}")
    check(metadata["format"] == 4, f"format {metadata['format']} is not the one described here")
    check("encoder" not in metadata, "with an encoder its vectors, times weights.dense, are a part of each logit")
    check(list(metadata)[-1] == "sha256", "the hash must be the last field of the metadata")
    check(min(n_frames, n_words, n_pairs, n_subwords) > 0, "a kind of feature is missing")
    check(len(metadata["calibration"]) == n_frames, "each frame needs its calibration")
    return metadata, tensors


def positions(tensors, kind):
    """From string to column."""
    text, offsets = tensors[f"{kind}.bytes"].tobytes(), tensors[f"{kind}.offsets"].tolist()
    strings = [text[start:end].decode("utf-8") for start, end in zip(offsets, offsets[1:])]
    check(strings == sorted(set(strings)), f"{kind} must be sorted and distinct")
    return {string: column for column, string in enumerate(strings)}


def tokens(text, words, names):
    text = unicodedata.normalize("NFKC", text)
    for curly, straight in ("‘'", "’'", '“"', '”"'):
        text = text.replace(curly, straight)
    for token in re.findall(r"[^\W_]+|[^\w\s]|_", text):
        masked = names == "mask" and token[0].isupper() and token.lower() not in words
        yield "<name>" if masked else token.lower()


def subwords(word, shortest, longest):
    padded = f" {word} "
    if len(padded) < shortest:
        return [padded]
    return [padded[i : i + n] for n in range(shortest, longest + 1) for i in range(len(padded) - n + 1)]


def logits(text, metadata, tensors):
    """The calibrated logit of each frame."""
    options, words, inner = metadata["features"], positions(tensors, "words"), positions(tensors, "subwords")
    pairs = {tuple(pair): len(words) + i for i, pair in enumerate(tensors["pairs"].tolist())}
    sentence = list(tokens(text, words, options["names"]))

    columns = [words.get(word) for word in sentence]
    counts = Counter(column for column in columns if column is not None)
    counts.update(pairs[pair] for pair in zip(columns, columns[1:]) if pair in pairs)
    x = {column: (1 + math.log(tf)) * float(tensors["idf.words"][column]) for column, tf in counts.items()}
    norm = math.sqrt(sum(value * value for value in x.values()))

    phis = []
    for word in sentence:
        found = Counter(s for s in subwords(word, options["min_subword"], options["max_subword"]) if s in inner)
        phis.append({inner[s]: n * float(tensors["idf.subwords"][inner[s]]) for s, n in found.items()})
    subword_norm = math.sqrt(sum(value * value for phi in phis for value in phi.values()))
    check(norm > 0 and subword_norm > 0, f"nothing of the vocabulary is in {text!r}")

    for j, calibration in enumerate(metadata["calibration"]):
        of_words = sum(value * float(tensors["weights.words"][j, column]) for column, value in x.items())
        of_subwords = sum(v * float(tensors["weights.subwords"][j, column]) for phi in phis for column, v in phi.items())
        z = float(tensors["intercepts"][j])
        z += options["word_weight"] * of_words / norm + of_subwords / subword_norm
        yield calibration["map"]["slope"] * z + calibration["map"]["intercept"]


def main(model, program):
    metadata, tensors = read(model)
    for text in SENTENCES:
        command = [program, "explain", "--model", model, "--text", text, "--format", "json"]
        printed = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
        frames = printed["frames"]
        check([frame["frame"] for frame in frames] == metadata["frames"], "explain names other frames")
        for frame, logit in zip(frames, logits(text, metadata, tensors)):
            gap = abs(frame["logit"] - logit)
            check(gap <= TOLERANCE, f"{frame['frame']}: {logit} here, {frame['logit']} by the program, for {text!r}")
            print(f"{frame['frame']:12} {logit:10.6f}  differs by {gap:.1e}")


if __name__ == "__main__":
    check(len(sys.argv) == 3, "expected the model and the program")
    main(*sys.argv[1:])
