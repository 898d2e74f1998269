"""scikit-learn's lbfgs and LIBLINEAR on the matrix that benches/solver.rs wrote; runs in the virtual environment.

    python solvers_peer.py FOLDER FACTS.json

Reads what the bench said of its matrix (FACTS.json) and the arrays in FOLDER, fits each of SOLVERS once, and prints
its seconds, and the objective at every solution, computed here alike for all: the sum of the weighted log losses and
α/2 ‖w‖², with the intercept left out of the penalty.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

# Solver and tolerance. The default, 1e-4, lets lbfgs stop short of where the others do when there are many rows; its
# time to the same objective is what can be compared.
SOLVERS = {
    "scikit-learn lbfgs": ("lbfgs", 1e-4),
    "scikit-learn lbfgs, tol 1e-6": ("lbfgs", 1e-6),
    "LIBLINEAR": ("liblinear", 1e-4),
}


def read(folder: Path, facts: dict[str, Any]) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Matrix, targets in {0, 1}, and the bench's own solution with the intercept last."""
    data = np.fromfile(folder / "data.f64", "<f8")
    indices = np.fromfile(folder / "indices.u32", "<u4").astype(np.int32)
    indptr = np.fromfile(folder / "indptr.u64", "<u8").astype(np.int32)
    matrix = csr_matrix((data, indices, indptr), shape=(facts["n_samples"], facts["n_features"]))
    return matrix, np.fromfile(folder / "targets.f64", "<f8"), np.fromfile(folder / "solution.f64", "<f8")


def objective(matrix: csr_matrix, targets: np.ndarray, point: np.ndarray, alpha: float) -> float:
    """Both classes weigh the same in sum: a row counts n / (2 n_class) times."""
    weights, intercept = point[:-1], point[-1]
    margins = np.where(targets > 0.5, 1.0, -1.0) * (matrix @ weights + intercept)
    of_class = np.array([np.sum(targets < 0.5), np.sum(targets > 0.5)])
    counts = len(targets) / (2 * of_class)
    losses = counts[targets.astype(int)] * np.logaddexp(0.0, -margins)
    return float(losses.sum() + alpha / 2 * weights @ weights)


def main(folder: Path, facts: dict[str, Any]) -> None:
    matrix, targets, ours = read(folder, facts)
    alpha = facts["alpha"]
    found = {"framescope": {"objective": objective(matrix, targets, ours, alpha)}}
    for name, (solver, tolerance) in SOLVERS.items():
        # What is imported and set up by the first fit of all is no part of this one.
        LogisticRegression(solver=solver).fit(np.eye(2), [0, 1])
        estimator = LogisticRegression(
            C=1 / alpha, class_weight="balanced", max_iter=1000, tol=tolerance, solver=solver
        )
        started = time.perf_counter()
        fit = estimator.fit(matrix, targets)
        seconds = time.perf_counter() - started
        point = np.append(fit.coef_[0], fit.intercept_[0])
        steps = int(np.max(fit.n_iter_))
        found[name] = {"seconds": seconds, "iterations": steps, "objective": objective(matrix, targets, point, alpha)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
