"""scikit-learn as its users put it together; runs in the virtual environment.

python sklearn_peer.py train CODED.csv [MODEL [LIMIT]]   words and character n-grams, one regression a frame
python sklearn_peer.py predict MODEL ROWS.csv OUT.csv PART
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rows import coded_rows
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion


def train(coded: str, model: str = "", limit: str = "") -> None:
    """Vectorises once, and fits every frame once: no choice of the penalty, no calibration, no intervals."""
    rows = coded_rows(Path(coded), int(limit) if limit else None)
    frames = sorted({label for _, labels in rows for label in labels})
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    features = FeatureUnion([("words", words), ("characters", characters)])
    matrix = features.fit_transform([text for text, _ in rows])
    fits = {}
    for frame in frames:
        present = np.array([frame in labels for _, labels in rows])
        fits[frame] = LogisticRegression(C=10, class_weight="balanced", max_iter=1000, solver="lbfgs").fit(
            matrix, present
        )
    if model:
        with open(model, "wb") as file:
            pickle.dump((features, fits), file)


def predict(model: str, rows: str, out: str, part: str) -> None:
    """The table in, each frame's probability behind it, the table out; `part` rows at a time are vectorised."""
    with open(model, "rb") as file:
        features, fits = pickle.load(file)
    table = pd.read_csv(rows, keep_default_na=False)
    size = int(part)
    proba: dict[str, list[np.ndarray]] = {frame: [] for frame in fits}
    for start in range(0, len(table), size):
        matrix = features.transform(table["text"].iloc[start : start + size])
        for frame, fit in fits.items():
            proba[frame].append(fit.predict_proba(matrix)[:, 1])
    for frame in fits:
        table[f"p_{frame}"] = np.concatenate(proba[frame])
    table.to_csv(out, index=False)


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    train(*words) if verb == "train" else predict(*words)
