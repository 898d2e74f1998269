"""Training: the solver on the same features as others, and the whole of it beside scikit-learn's."""

from __future__ import annotations

import json
import time
from pathlib import Path

from measure import Command, Run, median, peak_kib, run
from rows import apart, write_coded
from setting import ONE_CORE, THREADS, Result, Setting, tell
from table import times

TIME_GOAL = 10.0
MEMORY_GOAL = 10.0
ALL_CORES = {"RAYON_NUM_THREADS": str(THREADS)}
# A training that takes longer, in seconds, is run once; so are solvers if their first round does, reading and writing
# included.
REPEATED_BELOW = 300
SOLVERS = ("scikit-learn lbfgs", "scikit-learn lbfgs, tol 1e-6", "LIBLINEAR")


def solvers(setting: Setting) -> list[Result]:
    """One frame, the same explicit matrix, targets and objective for all solvers; each round runs them all."""
    return [result for n in setting.sizes.solver for result in _solvers_at(setting, n)]


def _solvers_at(setting: Setting, n: int) -> list[Result]:
    folder, programs = setting.folder, setting.programs
    coded, matrix, facts, told = (folder / name for name in ("coded.csv", "matrix", "facts.json", "told.json"))
    apart(write_coded, setting.rows, coded, n)
    matrix.mkdir(exist_ok=True)
    # Ours on one core too, since the others have but one.
    alone = "framescope, 1 thread"
    names = [f"framescope, {THREADS} threads", alone, *SOLVERS]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    shape = ""
    for i in range(setting.sizes.runs):
        tell(f"solvers at {n} rows, round {i + 1} of {setting.sizes.runs}")
        started = time.monotonic()
        for name, threads in [(alone, 1), (names[0], THREADS)]:
            # The matrix is written once, by the first of all; it does not depend on threads, nor does the solution.
            out = [] if shape else [matrix]
            run([programs.solver, coded, *out], stdout=facts, env={"RAYON_NUM_THREADS": str(threads)})
            said = json.loads(facts.read_text(encoding="utf-8"))
            shape = shape or f"{said['n_features']:,} features, {said['n_entries']:,} entries"
            runs[name].append(Run(said["seconds"]))
        run([programs.python, Path(__file__).with_name("solvers_peer.py"), matrix, facts], stdout=told, env=ONE_CORE)
        found = json.loads(told.read_text(encoding="utf-8"))
        for name in SOLVERS:
            runs[name].append(Run(found[name]["seconds"]))
        if i == 0 and time.monotonic() - started > REPEATED_BELOW:
            break
    for path in [coded, facts, told, *matrix.iterdir()]:
        path.unlink()
    least = min(one["objective"] for one in found.values())
    return [_solved(name, n, said["iterations"], shape, runs, found, least) for name in names]


def _solved(
    name: str,
    n: int,
    steps: int,
    shape: str,
    runs: dict[str, list[Run]],
    found: dict[str, dict[str, float]],
    least: float,
) -> Result:
    own = name.startswith("framescope")
    solution = found["framescope" if own else name]
    value = solution["objective"]
    excess, taken = value / least - 1, solution.get("iterations", steps)
    notes = [f"objective {value:,.3f}, {excess:.1e} above the least found; {taken} steps"]
    facts = {"objective": value, "excess": excess}
    if own:
        ratios = {peer: median(runs[peer]) / median(runs[name]) for peer in SOLVERS}
        notes += [f"{times(ratio)} as fast as {peer}" for peer, ratio in ratios.items()]
        facts |= {f"times_{peer}": ratio for peer, ratio in ratios.items()}
        notes.append(shape)
    return Result("fit one frame, same features", name, n, "rows", runs[name], "; ".join(notes), facts)


def whole(setting: Setting) -> list[Result]:
    """From coded rows to a model: what scikit-learn's pipeline does, by both, and all that `framescope train` does."""
    folder, programs, n = setting.folder, setting.programs, setting.sizes.train
    coded, own_model = folder / "coded.csv", folder / "own.safetensors"
    apart(write_coded, setting.rows, coded, n)
    tell(f"training on {n} rows")
    own: Command = [programs.framescope, "train", coded, "-o", own_model, "--threads", str(THREADS), "--quiet"]
    once: Command = [programs.solver, "once", coded]
    peer: Command = [programs.python, Path(__file__).with_name("sklearn_peer.py"), "train", coded]
    # Once for the peer, which takes minutes; between ours, so that neither has the quieter machine.
    fits, ours = [run(once, cap=setting.cap, env=ALL_CORES)], [run(own, cap=setting.cap)]
    tell(f"  framescope: {fits[0].seconds:.1f} s for one fit a frame, {ours[0].seconds:.1f} s for all of it")
    theirs = [run(peer, cap=setting.cap, env=ONE_CORE)]
    tell(f"  scikit-learn: {theirs[0].seconds:.1f} s")
    for _ in range(setting.sizes.runs - 1):
        if fits[0].seconds < REPEATED_BELOW:
            fits.append(run(once, cap=setting.cap, env=ALL_CORES))
        if ours[0].seconds < REPEATED_BELOW:
            ours.append(run(own, cap=setting.cap))
    for path in [coded, own_model]:
        path.unlink(missing_ok=True)
    return _wholes(n, fits, ours, theirs, setting.cap)


def _wholes(n: int, fits: list[Run], ours: list[Run], theirs: list[Run], cap: float) -> list[Result]:
    least = {(True, False): "at least ", (False, True): "at most ", (True, True): "unknown, both were stopped: "}.get(
        (theirs[0].cut, fits[0].cut), ""
    )
    ratio = median(theirs) / median(fits)
    memory = (peak_kib(theirs) or 0) / (peak_kib(fits) or 1)
    same = (
        f"features and one fit a frame; **{least}{times(ratio)} as fast as scikit-learn** (goal {TIME_GOAL:.0f} ×), "
        f"**1/{memory:.1f} of its memory** (goal 1/{MEMORY_GOAL:.0f})"
    )
    share = f"{median(ours) / median(theirs):.2f} times scikit-learn's one fit"
    whole = f"features, penalties by cross-validation, calibration, thresholds, scores with intervals; {share}"
    stopped = f"; stopped after {cap:.0f} s, so time and memory are lower bounds"
    results = [
        ("framescope, one fit", fits, same, {"times_scikit-learn": ratio, "memory_ratio": memory}),
        ("scikit-learn, one fit", theirs, "features and one fit a frame", {}),
        ("framescope train", ours, whole, {}),
    ]
    return [
        Result("train, 3 frames", program, n, "rows", runs, note + (stopped if runs[0].cut else ""), facts)
        for program, runs, note, facts in results
    ]
