"""What all measurements share: programs, sizes, the folder for files, and the result that each gives."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from environment import Programs
from measure import Run

# Of every program that can use several; the other peers use one, and have no option for more.
THREADS = 2


# For scikit-learn. Its linear algebra would wait for a second core in loops, and take up to 60 times as long where
# anything else wants that core; there is little for it to do, since the features are sparse.
ONE_CORE = {"OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Sizes:
    """How large everything is, and how often it is run."""

    # Rows predicted beside the peers, and the rows that scikit-learn vectorises at a time.
    predict: int = 200_000
    part: int = 20_000
    # Rows predicted by framescope alone.
    scale: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    # Rows that one frame is fitted to.
    solver: tuple[int, ...] = (10_000, 100_000)
    # Rows that three frames are trained on.
    train: int = 100_000
    articles: tuple[int, ...] = (400, 2_000, 8_000)
    compare: tuple[int, ...] = (10_000, 50_000, 200_000)
    # Coded rows that the peers learn from; None for all there are.
    labels: int | None = None
    fasttext: tuple[str, ...] = ("-epoch", "50", "-dim", "100")
    # Sentences that encoders read.
    encode: int = 2_000
    # Coded rows that encoders are fine-tuned on and judged on; None for all there are.
    coded: int | None = None
    setfit_steps: int = 500
    # What `framescope train` is told beside the encoder.
    tune: tuple[str, ...] = ()
    # Rows that carry each label, where few are coded; and how often they are drawn.
    few: tuple[int, ...] = (8, 16, 32, 64)
    draws: int = 10
    runs: int = 3


FULL_SCALE = (10_000, 100_000, 1_000_000, 10_000_000)
QUICK = Sizes(
    predict=400,
    part=200,
    scale=(100, 200, 400),
    solver=(200, 400),
    train=400,
    articles=(4, 8, 16),
    compare=(200, 400),
    labels=300,
    fasttext=("-epoch", "2", "-dim", "10", "-bucket", "10000"),
    encode=64,
    coded=120,
    setfit_steps=2,
    tune=("--epochs", "1", "--n-bootstrap", "0", "--no-leakage"),
    few=(4,),
    draws=2,
    runs=1,
)


@dataclass(frozen=True)
class Setting:
    """One run of everything."""

    programs: Programs
    sizes: Sizes
    # For files; removed afterwards.
    folder: Path
    # Rows to predict, sizes.predict of them.
    rows: Path
    # Seconds after which a training is stopped.
    cap: float


@dataclass(frozen=True)
class Result:
    """A line of the table."""

    task: str
    program: str
    # How much was done, and in what unit.
    n: int
    unit: str
    runs: list[Run]
    note: str = ""
    # What the note says, for programs to read.
    facts: dict[str, float] = field(default_factory=dict)


def tell(message: str) -> None:
    """Progress, which is no result."""
    print(message, file=sys.stderr, flush=True)
