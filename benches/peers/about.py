"""What stands above and below the table: without it the numbers are worth nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from coded import Coded
from rows import CODED_EVERY, MARKED_EVERY, NOISE, SENTENCES_PER_ARTICLE, Source
from setting import THREADS, Sizes
from tuning import FEW_FOLDS


def heading(quick: bool, about: dict[str, Any]) -> str:
    """Date, machine, versions and rows."""
    host = about["machine"]
    parts = [
        "A smoke test: everything is tiny, and the numbers mean nothing." if quick else "",
        f"{about['date']}; {host['cpu']}, {host['cores']} cores, {host['memory_gb']} GB;",
        ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".",
        about["rows"],
    ]
    return " ".join(part for part in parts if part)


def described(rows: Source, size: Sizes, coded: Coded | None) -> str:
    """Which rows were predicted, and, if an encoder is fine-tuned, on which coded rows."""
    found = f"{size.predict:,} of {rows.path.name}, over again where it has fewer, with ids of their own."
    made_up = f"{size.predict:,}, made up by splicing halves of the bundled labels' sentences."
    tuned = f" The encoder is {coded.told()}." if coded else ""
    return f"Rows: {made_up if rows.generated else found}{tuned}"


def remarks(size: Sizes, parts: Collection[str]) -> str:
    """What is in each number of these parts."""
    every = f"""Seconds are wall time of a whole process, its start and the loading of its model included. Programs
        take turns, and none finds the output of another run still to be written or replaced; scikit-learn's training,
        and what takes over five minutes, is run once. Peak memory is the largest resident set of any run. framescope
        runs with {THREADS} threads. Where nothing else is said, the others use one core; scikit-learn's linear algebra
        is kept there, for it is slower on two that are not idle."""
    of_part = {
        "predict": f"""Predict: CSV to CSV. framescope uses its bundled model; scikit-learn (word 1–2-grams and char_wb
        2–5-grams, tf-idf, a logistic regression a frame; pandas in and out, {size.part:,} rows vectorised at a time)
        and fastText (one-vs-all, word bigrams, subwords of 2–5, {" ".join(size.fasttext)}) learned from the same
        labels/framing-en.csv. fastText's program reads no CSV: it is given a text file, tokenised beforehand, and
        prints all labels with probabilities; its time is that run alone. The floor is the csv crate
        reading and writing the same file on one core.""",
        "scale": f"""As rows grow: more rows than {size.predict:,} are these over again, with ids of their own, so that
        every word has been met by then.""",
        "solver": f"""Fit: seconds are those of the fit alone. The rows are coded by a seeded rule (of the words in
        0.02–1 % of the rows, one in {MARKED_EVERY} marks a frame; {NOISE:.0%} of the codes are turned over). The
        features are framescope's, written out for the others; class weights are balanced, and each solver stops by its
        own default; lbfgs once more by a smaller tolerance, since by the default it may stop short of the others. One
        function computes the objective for all; LIBLINEAR minimises another, which penalises the intercept too.
        framescope keeps subwords in factors where the others multiply the matrix written out, and stores columns by
        how often they are used, within its time, where the others get them by name: that is part of the difference.""",
        "train": """Train: rows coded by the same rule. One fit: the rows are read, and features and one fit of each
        frame made, by the same penalty (C = 10), and nothing is written, by both, each with features and stopping rule
        as it has them by default: framescope's subwords have 3–6 characters and stand in two rows, and its fits have
        the log-odds prior. `framescope train` goes on to choose the penalty and to calibrate by five folds, to score
        with intervals, and writes the model.""",
        "segment": f"""Segment: articles of {SENTENCES_PER_ARTICLE} sentences that follow each other in the rows.""",
        "compare": f"""Compare: predicted rows, one in {CODED_EVERY} coded; none is scored anew.""",
        "encode": """Encode: seconds are those of the encoding alone, after 64 sentences that are not counted, by both.
        sentence-transformers' `encode` is as it is by default, in batches of 32 on the processor; both use every core.
        Differences are between the same number of the same sentence's vector, of length 1.""",
        "tune": f"""Fine-tune: SetFit's seconds are those of its training alone: {size.setfit_steps} steps of 16 pairs
        (oversampling, seed 0, all else as by default) and the logistic regression of each frame; it decides at 0.5.
        framescope's are of `framescope train --fine-tune{"".join(f" {word}" for word in size.tune)}`, a whole process
        that finds no vectors of an earlier one: it fine-tunes for each fold and once for all rows, to choose penalties
        and thresholds and to calibrate out of fold, and writes the model. Both use every core. scikit-learn computes
        macro-F1 (of what each program decides) and mean average precision, over the frames that the rows judged on
        carry.""",
        "few": f"""Few coded rows: of each frame, and of the rows without one, so many rows are drawn by a seed from
        those that are there to learn from, {size.draws} times; n is the mean number of rows, for a row can be drawn for
        several frames. `framescope train --fine-tune --folds {FEW_FOLDS}` learns from each draw, and is judged on the
        same rows each time: mean ± standard deviation over the draws, which share rows where few are coded. Seconds are
        those of a training.""",
    }
    lines = [every, *(text for part, text in of_part.items() if part in parts)]
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)
