"""Segmenting and comparing, as their input grows. No peer does either; the slopes show that the cost is one a unit."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from measure import interleaved, run
from prediction import command, growth
from rows import apart, write_articles, write_compared
from setting import THREADS, Result, Setting, tell


def segment(setting: Setting) -> list[Result]:
    """Articles in, sentences out; a unit is a byte of the articles' table, so that the rate is MB a second."""
    out = setting.folder / "sentences.csv"
    files = {n: setting.folder / f"articles-{n}.csv" for n in setting.sizes.articles}
    for n, path in files.items():
        apart(write_articles, setting.rows, path, n)
    options: list[str | Path] = ["-o", out, "--threads", str(THREADS), "--quiet"]
    segment: list[str | Path] = [setting.programs.framescope, "segment"]
    tasks = {f"segment {n} articles": partial(run, [*segment, path, *options]) for n, path in files.items()}
    runs = interleaved(tasks, setting.sizes.runs, tell)
    sized = [(path.stat().st_size, done) for path, done in zip(files.values(), runs.values())]
    results = growth("segment", "bytes", sized)
    for path in [*files.values(), out]:
        path.unlink()
    return results


def compare(setting: Setting) -> list[Result]:
    """Predicted rows with outlets, one in twenty coded; out come all tables and the report."""
    folder = setting.folder
    scored, out = folder / "scored.csv", folder / "comparison"
    run(command(setting, setting.rows, scored))
    files = {n: folder / f"compared-{n}.csv" for n in setting.sizes.compare}
    for n, path in files.items():
        apart(write_compared, scored, path, n)
    options: list[str | Path] = ["-o", out, "--threads", str(THREADS), "--quiet"]
    compare: list[str | Path] = [setting.programs.framescope, "compare"]
    tasks = {f"compare {n} rows": partial(run, [*compare, path, *options]) for n, path in files.items()}
    runs = interleaved(tasks, setting.sizes.runs, tell)
    for path in [*files.values(), scored]:
        path.unlink()
    return growth("compare", "rows", list(zip(setting.sizes.compare, runs.values())))
