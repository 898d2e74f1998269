"""Runs programs, and says how long they took and how much memory they held."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Command = Sequence[str | Path]


class Failure(Exception):
    """What went wrong, and what to do about it: printed without a traceback."""


@dataclass(frozen=True)
class Run:
    """One run of a program, from its start to its end; or of a part of it that a program timed by itself."""

    seconds: float
    # Largest resident set. None where a program timed only a part of itself.
    peak_kib: int | None = None
    # Whether the run was stopped at the cap, so that `seconds` is a lower bound.
    cut: bool = False


def own_peak_kib() -> int:
    """The least peak that can be seen: until a child has begun, the system counts this process's memory to it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(
    command: Command,
    stdout: Path | None = None,
    cap: float | None = None,
    env: dict[str, str] | None = None,
    replaces: Path | None = None,
) -> Run:
    """Runs to the end, or for `cap` seconds; what the program prints is kept from the terminal.

    The last run's output, which this one `replaces`, goes before the clock starts, and so does what is not on the disk
    yet: else a small run pays for the large one before it.
    """
    words = [str(word) for word in command]
    if replaces is not None:
        replaces.unlink(missing_ok=True)
    os.sync()
    with open(stdout or os.devnull, "wb") as out, tempfile.TemporaryFile() as told:
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=out, stderr=told, env={**os.environ, **(env or {})})
        cut = threading.Event()

        def stop() -> None:
            cut.set()
            process.kill()

        timer = threading.Timer(cap or threading.TIMEOUT_MAX, stop)
        timer.daemon = True
        timer.start()
        # wait4 and not wait: it alone gives the resources of this child and of no other.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0 and not cut.is_set():
            told.seek(0)
            last = told.read().decode("utf-8", "replace").strip()[-2000:]
            raise Failure(f"{' '.join(words)}\nended with {process.returncode} and said: {last}")
    return Run(seconds, usage.ru_maxrss, cut.is_set())


def interleaved(
    tasks: Mapping[str, Callable[[], Run]], n_runs: int, tell: Callable[[str], None]
) -> dict[str, list[Run]]:
    """Runs each task in turn, and all of them again, so that a busy minute of the machine falls on all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in tasks}
    for i in range(n_runs):
        for name, task in tasks.items():
            done = task()
            runs[name].append(done)
            tell(f"  {name}, run {i + 1} of {n_runs}: {done.seconds:.3f} s")
    return runs


def median(runs: Sequence[Run]) -> float:
    """Median of the seconds."""
    return statistics.median(run.seconds for run in runs)


def peak_kib(runs: Sequence[Run]) -> int | None:
    """The largest peak of all runs."""
    peaks = [run.peak_kib for run in runs if run.peak_kib is not None]
    return max(peaks, default=None)


@dataclass(frozen=True)
class Line:
    """Seconds as a line of the size: what each unit costs, and what is paid once."""

    slope: float
    intercept: float


def least_squares(points: Sequence[tuple[float, float]]) -> Line:
    """The line through (size, seconds) with the least squared distance in seconds."""
    slope, intercept = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
    return Line(slope, intercept)
