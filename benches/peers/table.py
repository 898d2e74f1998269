"""Results as one markdown table, and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from measure import Run, median, own_peak_kib, peak_kib
from setting import Result

HEADER = ("task", "program", "n", "runs", "seconds, median (range)", "a second", "peak memory", "beside that")


def _seconds(runs: list[Run]) -> str:
    seconds = [run.seconds for run in runs]
    digits = 1 if median(runs) >= 100 else 2 if median(runs) >= 10 else 3
    bound = "> " if any(run.cut for run in runs) else ""
    spread = f" ({min(seconds):.{digits}f}–{max(seconds):.{digits}f})" if len(runs) > 1 else ""
    return f"{bound}{median(runs):.{digits}f}{spread}"


def _amount(result: Result) -> str:
    return f"{result.n / 1e6:,.2f} MB" if result.unit == "bytes" else f"{result.n:,} {result.unit}"


def _rate(result: Result) -> str:
    if any(run.cut for run in result.runs):
        return "–"
    rate = result.n / median(result.runs)
    return f"{rate / 1e6:.1f} MB" if result.unit == "bytes" else f"{rate:,.0f} {result.unit}"


def _memory(runs: list[Run]) -> str:
    """In units of 2^20 bytes. What lies below the harness's own memory cannot be told from it."""
    peak = peak_kib(runs)
    if peak is None:
        return "–"
    bound = "below " if peak <= own_peak_kib() else ""
    return f"{bound}{peak / 1024:,.0f} MiB"


def times(ratio: float) -> str:
    """How many times: whole numbers where they are large enough."""
    return f"{ratio:.0f} ×" if ratio >= 20 else f"{ratio:.1f} ×"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(results: list[Result]) -> str:
    """One line a result."""
    lines = [_line(HEADER), _line("---" if i not in (2, 3, 4, 5, 6) else "---:" for i in range(len(HEADER)))]
    for one in results:
        cells = (
            one.task,
            one.program,
            _amount(one),
            str(len(one.runs)),
            _seconds(one.runs),
            _rate(one),
            _memory(one.runs),
            one.note,
        )
        lines.append(_line(cells))
    return "\n".join(lines)


def as_data(result: Result) -> dict[str, Any]:
    """A result with everything that was measured."""
    return dataclasses.asdict(result) | {"median_seconds": median(result.runs), "peak_kib": peak_kib(result.runs)}
