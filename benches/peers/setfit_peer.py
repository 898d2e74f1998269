"""SetFit as its users put it together; runs in the encoders' virtual environment.

python setfit_peer.py FOLDER TRAIN.csv TEST.csv OUT.csv STEPS   prints the seconds of the training alone, and writes
                                                                each frame's probability and what SetFit decides
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset
from rows import coded_rows
from setfit import SetFitModel, Trainer, TrainingArguments


def main(folder: str, train: str, test: str, out: str, steps: str) -> None:
    """`STEPS` of 16 pairs, then a logistic regression a frame; all else as SetFit has it by default, with seed 0."""
    rows, tested = coded_rows(Path(train)), coded_rows(Path(test))
    frames = sorted({label for _, labels in rows for label in labels})
    codes = [[int(frame in labels) for frame in frames] for _, labels in rows]
    several = len(frames) > 1
    # With a single frame there are two classes, and SetFit makes pairs of sentences that both lack it, too.
    model = SetFitModel.from_pretrained(folder, device="cpu", multi_target_strategy="one-vs-rest" if several else None)
    data = Dataset.from_dict(
        {"text": [text for text, _ in rows], "label": codes if several else [code[0] for code in codes]}
    )
    with tempfile.TemporaryDirectory() as work:
        # Nothing saved and nothing reported on the way: that is no part of the training.
        arguments = TrainingArguments(
            output_dir=work,
            batch_size=16,
            max_steps=int(steps),
            sampling_strategy="oversampling",
            seed=0,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        started = time.perf_counter()
        # Within the time: this is where the pairs are drawn, and where the seed is set.
        trainer = Trainer(model=model, args=arguments, train_dataset=data)
        trainer.train()
        seconds = time.perf_counter() - started
        taken = trainer.st_trainer.state.global_step
    # It may stop where the pairs run out.
    if taken != int(steps):
        sys.exit(f"error: {steps} steps were wanted, but SetFit took {taken}: {len(rows)} rows make too few pairs")
    print(f"trained in {seconds:.3f} s")
    texts = [text for text, _ in tested]
    # Of one frame there are two columns, absent and present.
    proba = np.asarray(model.predict_proba(texts, as_numpy=True))[:, -len(frames) :]
    decided = np.asarray(model.predict(texts, as_numpy=True, use_labels=False)).reshape(len(texts), len(frames))
    table = pd.DataFrame({f"p_{frame}": proba[:, j] for j, frame in enumerate(frames)})
    named = [[frame for frame, yes in zip(frames, row) if yes] for row in decided]
    table["predicted"] = [";".join(row) or "none" for row in named]
    table.to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
