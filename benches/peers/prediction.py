"""Prediction, CSV to CSV: beside the peers, and by itself as the rows grow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from environment import LABELS
from measure import Command, Failure, Line, Run, interleaved, least_squares, median, run
from rows import Source, apart, coded_rows, count, count_lines, tokens, write_rows, write_tokens
from setting import ONE_CORE, THREADS, Result, Setting, tell
from table import times

# What is wanted of the full table.
GOALS = {"scikit-learn": 250.0, "fastText": 100.0}
FLOOR_GOAL = 2.5


def command(setting: Setting, rows: Path, out: Path) -> Command:
    """framescope with its bundled model."""
    words: list[str | Path] = ["predict", rows, "-o", out, "--threads", str(THREADS), "--quiet"]
    return [setting.programs.framescope, *words]


def _write_labelled(path: Path, limit: int | None) -> None:
    """The bundled labels as fastText reads them."""
    with open(path, "w", encoding="utf-8") as file:
        for text, labels in coded_rows(LABELS, limit):
            named = " ".join(f"__label__{label}" for label in labels or ["none"])
            file.write(f"{named} {tokens(text)}\n")


def _train_peers(setting: Setting) -> tuple[Path, Path]:
    """The peers' models of the bundled labels, from which framescope's bundled model is made too."""
    folder, sizes, programs = setting.folder, setting.sizes, setting.programs
    tell("training the peers on the bundled labels")
    learned, labelled = folder / "sklearn.pickle", folder / "labelled.txt"
    peer = Path(__file__).with_name("sklearn_peer.py")
    run(
        [programs.python, peer, "train", LABELS, learned, *([str(sizes.labels)] if sizes.labels else [])],
        env=ONE_CORE,
    )
    apart(_write_labelled, labelled, sizes.labels)
    options = ["-loss", "ova", "-lr", "0.5", "-wordNgrams", "2", "-minn", "2", "-maxn", "5", "-thread", str(THREADS)]
    run(
        [
            programs.fasttext,
            "supervised",
            "-input",
            labelled,
            "-output",
            folder / "fasttext",
            *options,
            *sizes.fasttext,
        ]
    )
    return learned, folder / "fasttext.bin"


def beside_peers(setting: Setting, source: Source) -> list[Result]:
    """All programs on the same rows in turn, and on a single row, which shows what it costs to begin."""
    sizes, folder, programs = setting.sizes, setting.folder, setting.programs
    sklearn_model, fasttext_model = _train_peers(setting)
    peer = Path(__file__).with_name("sklearn_peer.py")
    single, out = (
        folder / "single.csv",
        {name: folder / f"out-{name}" for name in ("own", "sklearn", "fasttext", "floor")},
    )
    apart(write_rows, source, single, 1, 1)
    for rows in (setting.rows, single):
        apart(write_tokens, rows, rows.with_suffix(".txt"))

    def tasks(rows: Path) -> dict[str, Callable[[], Run]]:
        sklearn: Command = [programs.python, peer, "predict", sklearn_model, rows, out["sklearn"], str(sizes.part)]
        fasttext: Command = [programs.fasttext, "predict-prob", fasttext_model, rows.with_suffix(".txt"), "-1", "0"]
        return {
            "framescope": partial(run, command(setting, rows, out["own"]), replaces=out["own"]),
            "scikit-learn": partial(run, sklearn, env=ONE_CORE, replaces=out["sklearn"]),
            "fastText": partial(run, fasttext, stdout=out["fasttext"]),
            "floor": partial(run, [programs.floor, rows, out["floor"]], replaces=out["floor"]),
        }

    tell(f"predicting 1 row, then {sizes.predict} rows")
    starts = interleaved(tasks(single), sizes.runs, tell)
    runs = interleaved(tasks(setting.rows), sizes.runs, tell)
    written = {name: count(out[name]) for name in ("own", "sklearn", "floor")}
    written["fasttext"] = count_lines(out["fasttext"])
    if set(written.values()) != {sizes.predict}:
        raise Failure(f"{sizes.predict} rows went in, and these came out: {written}")
    for path in [*out.values(), sklearn_model, fasttext_model]:
        path.unlink()
    return [_beside(name, sizes.predict, runs, starts) for name in runs]


def _beside(name: str, n: int, runs: dict[str, list[Run]], starts: dict[str, list[Run]]) -> Result:
    own, start = median(runs["framescope"]), median(starts[name])
    facts = {"one_row_seconds": start}
    notes = [f"{start:.2f} s on a single row"]
    if name == "framescope":
        for peer, goal in GOALS.items():
            ratio = median(runs[peer]) / own
            facts[f"times_{peer}"] = ratio
            notes.append(f"**{times(ratio)} as fast as {peer}** (goal {goal:.0f} ×)")
        ratio = own / median(runs["floor"])
        facts["over_floor"] = ratio
        notes.append(f"**{ratio:.2f} × the floor's time** (goal at most {FLOOR_GOAL})")
    elif name in GOALS:
        work, own_work = median(runs[name]) - start, own - median(starts["framescope"])
        # With few rows the start is all there is.
        if work > 0 and own_work > 0:
            facts["slower_without_start"] = work / own_work
            notes.append(f"{times(work / own_work)} framescope's time, the single row's taken from both")
    return Result("predict, 3 frames", name, n, "rows", runs[name], "; ".join(notes), facts)


def as_rows_grow(setting: Setting, source: Source) -> list[Result]:
    """The same rows over and over under other ids; each size in turn, so that a busy minute falls on all."""
    sizes, folder = setting.sizes, setting.folder
    files = {n: folder / f"rows-{n}.csv" for n in sizes.scale}
    out = folder / "scored.csv"
    for n, path in files.items():
        tell(f"writing {n} rows")
        apart(write_rows, source, path, n, sizes.predict)
    tasks = {f"{n} rows": partial(run, command(setting, path, out), replaces=out) for n, path in files.items()}
    runs = interleaved(tasks, sizes.runs, tell)
    for path in [*files.values(), out]:
        path.unlink()
    return growth("predict as rows grow, 3 frames", "rows", list(zip(sizes.scale, runs.values())))


def growth(task: str, unit: str, sized: Sequence[tuple[int, list[Run]]]) -> list[Result]:
    """A line of the table a size, each with the cost of a unit since the size before; the slope of all at the end."""
    results = []
    for (n_before, before), (n, runs) in itertools.pairwise([(0, []), *sized]):
        note, facts = "", {}
        if before:
            step = (median(runs) - median(before)) / (n - n_before)
            facts = {"seconds_per_further_unit": step}
            note = f"{_cost(step, unit)} more"
        results.append(Result(task, "framescope", n, unit, runs, note, facts))
    line = fitted(sized)
    facts = {**results[-1].facts, "slope_seconds": line.slope, "intercept_seconds": line.intercept}
    slope = f"**least squares: {_cost(line.slope, unit)}** and {line.intercept:.2f} s once, {len(sized)} sizes"
    last = results[-1]
    note = "; ".join(part for part in (last.note, slope) if part)
    return [*results[:-1], Result(task, last.program, last.n, unit, last.runs, note, facts)]


def fitted(sized: Sequence[tuple[int, list[Run]]]) -> Line:
    """Through every run, not the medians, so that no run is lost."""
    return least_squares([(n, one.seconds) for n, runs in sized for one in runs])


def _cost(seconds: float, unit: str) -> str:
    """Of a row, or of a megabyte."""
    return f"{seconds * 1e9:.1f} ms a MB" if unit == "bytes" else f"{seconds * 1e6:.2f} µs a {unit.removesuffix('s')}"
