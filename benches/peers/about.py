"""What stands above and below the table: without it the numbers are worth nothing."""

from __future__ import annotations

from typing import Any

from rows import CODED_EVERY, MARKED_EVERY, NOISE, SENTENCES_PER_ARTICLE, Source
from setting import THREADS, Sizes


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


def described(rows: Source, size: Sizes) -> str:
    """Which rows were predicted."""
    if rows.generated:
        return f"Rows: {size.predict:,}, made up by splicing halves of the bundled labels' sentences."
    return f"Rows: {size.predict:,} of {rows.path.name}, over again where it has fewer, with ids of their own."


def remarks(size: Sizes) -> str:
    """What is in each number."""
    lines = [
        f"""Seconds are wall time of a whole process, its start and the loading of its model included, but for the
        fits of one frame, which are the fit alone. Programs take turns, and none finds the output of
        another run still to be written or replaced. Peak memory is the largest resident set of any
        run. framescope runs with {THREADS} threads. The others predict and
        fit on one core; scikit-learn's linear algebra is kept there, for it is slower on two that are not idle.""",
        f"""Predict: CSV to CSV. framescope uses its bundled model; scikit-learn (word 1–2-grams and char_wb 2–5-grams,
        tf-idf, a logistic regression a frame; pandas in and out, {size.part:,} rows vectorised at a time) and fastText
        (one-vs-all, word bigrams, subwords of 2–5, {" ".join(size.fasttext)}) learned from the same
        labels/framing-en.csv. fastText's program reads no CSV: it is given a text file, tokenised beforehand, and
        prints all labels with probabilities; its time is that run alone. The floor is the csv crate
        reading and writing the same file on one core.""",
        f"""Fit: the rows are coded by a seeded rule (of the words in 0.02–1 % of the rows, one in {MARKED_EVERY} marks
        a frame; {NOISE:.0%} of the codes are turned over). The features are framescope's, written out for the others;
        class weights are balanced, and each solver stops by its own default; lbfgs once more by a smaller tolerance,
        since by the default it may stop short of the others. One function computes the objective for all; LIBLINEAR
        minimises another, which penalises the intercept too. framescope keeps subwords in factors where the others
        multiply the matrix written out: that is part of the difference.""",
        """Train: rows coded in the same way. One fit: the rows are read, and features and one fit of each frame made, by
        the same penalty (C = 10), and nothing is written, by both; framescope's fits have the log-odds prior.
        `framescope train` goes on to choose the penalty and to calibrate by five folds, to score with intervals, and
        writes the model.""",
        f"""Segment: articles of {SENTENCES_PER_ARTICLE} sentences that follow each other in the rows. Compare:
        predicted rows, one in {CODED_EVERY} coded; none is scored anew.""",
    ]
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)
