"""Judges predictions by scikit-learn's metrics, whoever made them; runs in the virtual environment.

python judge.py TEST.csv PREDICTED.csv   prints macro-F1 of `predicted`, and mean average precision of p_<frame>
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from rows import coded_rows, records
from sklearn.metrics import average_precision_score, f1_score


def main(test: str, predicted: str) -> None:
    """Both are means over the frames that some row of the test carries; of the others nothing can be said."""
    coded, rows = coded_rows(Path(test)), list(records(Path(predicted)))
    if len(coded) != len(rows):
        sys.exit(f"error: {test} has {len(coded)} coded rows, but {predicted} has {len(rows)}")
    columns = [name.removeprefix("p_") for name in rows[0] if name.startswith("p_")]
    frames = [frame for frame in columns if any(frame in labels for _, labels in coded)]
    if not frames:
        sys.exit(f"error: no row of {test} carries a frame of {predicted}: {', '.join(columns)}")
    gold = np.array([[frame in labels for frame in frames] for _, labels in coded])
    decided = np.array([[frame in row["predicted"].split(";") for frame in frames] for row in rows])
    proba = np.array([[float(row[f"p_{frame}"]) for frame in frames] for row in rows])
    f1 = [f1_score(gold[:, j], decided[:, j], zero_division=0.0) for j in range(len(frames))]
    ap = [average_precision_score(gold[:, j], proba[:, j]) for j in range(len(frames))]
    print(json.dumps({"frames": len(frames), "macro_f1": float(np.mean(f1)), "mean_ap": float(np.mean(ap))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
