"""An encoder taught the frames: framescope beside SetFit, and framescope alone where few rows are coded."""

from __future__ import annotations

import json
import re
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path

from coded import NONE, Coded, label_counts, write_few, write_halves
from encoder_environment import Encoder
from measure import Command, Failure, Run, median, run
from rows import apart, count
from setting import Result, Setting, tell
from training import REPEATED_BELOW

# Of SetFit's time.
TIME_GOAL = 1.0
FEW_FOLDS = "3"
SAID = re.compile(r"trained in ([\d.]+) s")
METRICS = {"macro_f1": "macro-F1", "mean_ap": "mean AP"}


@dataclass(frozen=True)
class _Halves:
    """Rows to learn from and to be judged on, and how many of the former carry each label."""

    train: Path
    test: Path
    counts: dict[str, int]

    def n_frames(self) -> int:
        return sum(label != NONE for label in self.counts)


def _halves(setting: Setting, coded: Coded) -> _Halves:
    train, test = setting.folder / "train.csv", setting.folder / "test.csv"
    apart(write_halves, coded, setting.sizes.coded, train, test)
    return _Halves(train, test, label_counts(train))


def _train(setting: Setting, encoder: Encoder, rows: Path, model: Path, options: tuple[str, ...] = ()) -> Run:
    """A first training: what an earlier one left goes before the clock starts, the vectors that it kept included."""
    cache = setting.folder / "vectors"
    shutil.rmtree(cache, ignore_errors=True)
    _remove(model)
    words: list[str | Path] = ["train", rows, "--encoder", encoder.folder, "--fine-tune", "-o", model]
    command: Command = [
        encoder.framescope,
        *words,
        *setting.sizes.tune,
        *options,
        "--cache",
        cache,
        "--quiet",
    ]
    return run(command, cap=setting.cap)


def _predict(setting: Setting, encoder: Encoder, rows: Path, model: Path, out: Path) -> None:
    cache = setting.folder / "vectors"
    run([encoder.framescope, "predict", rows, "--model", model, "-o", out, "--cache", cache, "--quiet"], replaces=out)


def _setfit(setting: Setting, encoder: Encoder, halves: _Halves, out: Path) -> Run:
    """The seconds that SetFit's training takes by itself; those of the whole process where it was stopped."""
    told, peer = setting.folder / "told.txt", Path(__file__).with_name("setfit_peer.py")
    words: list[str | Path] = [peer, encoder.folder, halves.train, halves.test, out, str(setting.sizes.setfit_steps)]
    offline = {"HF_HUB_OFFLINE": "1"}
    done = run([encoder.python, *words], stdout=told, cap=setting.cap, env=offline, replaces=out)
    said = told.read_text(encoding="utf-8")
    told.unlink()
    if done.cut:
        return done
    found = SAID.search(said)
    if found is None:
        raise Failure(f"SetFit was to say how long its training took, and said: {said.strip() or 'nothing'}")
    return Run(float(found[1]))


def _judged(setting: Setting, test: Path, predicted: Path) -> dict[str, float]:
    told = setting.folder / "judged.json"
    run([setting.programs.python, Path(__file__).with_name("judge.py"), test, predicted], stdout=told)
    found = json.loads(told.read_text(encoding="utf-8"))
    told.unlink()
    return {name: found[name] for name in METRICS}


def _remove(model: Path) -> None:
    """The model, and the encoder that fine-tuning put beside it."""
    model.unlink(missing_ok=True)
    for beside in model.parent.glob(f"{model.stem}*.encoder"):
        shutil.rmtree(beside)


def tune(setting: Setting, encoder: Encoder, coded: Coded) -> list[Result]:
    """Both programs in turn on the same rows; the model that each makes is judged on the same others."""
    folder, halves = setting.folder, _halves(setting, coded)
    model, out = folder / "tuned.safetensors", {name: folder / f"tuned-{name}.csv" for name in ("framescope", "SetFit")}
    n, n_test = count(halves.train), count(halves.test)
    tell(f"fine-tuning on {n} rows, judged on {n_test}")
    tasks = {
        "framescope": lambda: _train(setting, encoder, halves.train, model),
        "SetFit": lambda: _setfit(setting, encoder, halves, out["SetFit"]),
    }
    runs: dict[str, list[Run]] = {name: [] for name in tasks}
    for i in range(setting.sizes.runs):
        for name, task in tasks.items():
            if i > 0 and runs[name][0].seconds > REPEATED_BELOW:
                continue
            done = task()
            runs[name].append(done)
            tell(f"  {name}, run {i + 1} of {setting.sizes.runs}: {done.seconds:.1f} s")
    if not any(one.cut for one in runs["framescope"]):
        _predict(setting, encoder, halves.test, model, out["framescope"])
    judged = {
        name: _judged(setting, halves.test, out[name])
        for name, done in runs.items()
        if not any(one.cut for one in done)
    }
    _remove(model)
    for path in [halves.train, halves.test, *out.values()]:
        path.unlink(missing_ok=True)
    return [_tuned(name, n, n_test, halves.n_frames(), runs, judged, setting.cap) for name in runs]


def _tuned(
    name: str,
    n: int,
    n_test: int,
    n_frames: int,
    runs: dict[str, list[Run]],
    judged: dict[str, dict[str, float]],
    cap: float,
) -> Result:
    facts = dict(judged.get(name, {}))
    if facts:
        scores = ", ".join(f"{title} {facts[metric]:.3f}" for metric, title in METRICS.items())
        notes = [f"{scores} on {n_test:,} other rows"]
    else:
        notes = [f"stopped after {cap:.0f} s, so that it has no model to be judged and the time is a lower bound"]
    if name == "framescope":
        ours, theirs = (any(one.cut for one in runs[program]) for program in ("framescope", "SetFit"))
        bound = {(True, False): "at least ", (False, True): "at most ", (True, True): "unknown, both were stopped: "}
        ratio = median(runs["framescope"]) / median(runs["SetFit"])
        facts["times_setfit_seconds"] = ratio
        least = bound.get((ours, theirs), "")
        notes.insert(0, f"**{least}{ratio:.2f} × SetFit's time** (goal below {TIME_GOAL:.0f} ×)")
        if len(judged) == len(runs):
            facts |= {f"{metric}_above_setfit": facts[metric] - judged["SetFit"][metric] for metric in METRICS}
    return Result(f"fine-tune, {_frames(n_frames)}", name, n, "rows", runs[name], "; ".join(notes), facts)


def few(setting: Setting, encoder: Encoder, coded: Coded) -> list[Result]:
    """framescope trained on few rows a label, drawn many times over; each model is judged on the same other rows."""
    folder, halves = setting.folder, _halves(setting, coded)
    rows, model, out = folder / "few.csv", folder / "few.safetensors", folder / "few-predicted.csv"
    n_test = count(halves.test)
    label, most = min(halves.counts.items(), key=lambda item: item[1])
    results = []
    for size in setting.sizes.few:
        if size > most:
            tell(f"{size} rows a label are left out: only {most} rows to learn from are coded {label}")
            continue
        runs, n_rows, scores = [], [], []
        for draw in range(setting.sizes.draws):
            apart(write_few, halves.train, rows, size, draw)
            runs.append(_train(setting, encoder, rows, model, ("--folds", FEW_FOLDS)))
            if runs[-1].cut:
                raise Failure(f"a training on {count(rows)} rows took over {setting.cap:.0f} s; allow more with --cap")
            _predict(setting, encoder, halves.test, model, out)
            scores.append(_judged(setting, halves.test, out))
            n_rows.append(count(rows))
            told = ", ".join(f"{title} {scores[-1][metric]:.3f}" for metric, title in METRICS.items())
            tell(f"  {size} rows a label, draw {draw + 1} of {setting.sizes.draws}: {told}, {runs[-1].seconds:.1f} s")
        results.append(_few(size, n_test, halves.n_frames(), runs, n_rows, scores))
    _remove(model)
    for path in [halves.train, halves.test, rows, out]:
        path.unlink(missing_ok=True)
    return results


def _few(
    size: int, n_test: int, n_frames: int, runs: list[Run], n_rows: list[int], scores: list[dict[str, float]]
) -> Result:
    notes, facts = [], {"rows_a_label": float(size)}
    for metric, title in METRICS.items():
        values = [score[metric] for score in scores]
        facts |= {metric: statistics.mean(values), f"{metric}_sd": statistics.stdev(values)}
        notes.append(f"**{title} {facts[metric]:.3f}** ± {facts[f'{metric}_sd']:.3f}")
    note = f"{size} rows a label; {', '.join(notes)} on {n_test:,} other rows"
    n = round(statistics.mean(n_rows))
    return Result(f"few coded rows, {_frames(n_frames)}", "framescope", n, "rows", runs, note, facts)


def _frames(n: int) -> str:
    return f"{n} frame{'' if n == 1 else 's'}"
