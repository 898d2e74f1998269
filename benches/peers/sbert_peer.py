"""sentence-transformers as its users call it; runs in the encoders' virtual environment.

python sbert_peer.py FOLDER ROWS.csv N VECTORS.f32   encodes the first N texts; prints what benches/encode.rs prints
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path

from rows import records
from sentence_transformers import SentenceTransformer

# As benches/encode.rs: what is set up at the first call counts for neither.
WARM_UP = 64


def main(folder: str, rows: str, n: str, out: str) -> None:
    texts = [row["text"] for row in islice(records(Path(rows)), int(n))]
    model = SentenceTransformer(folder, device="cpu")
    model.encode(texts[:WARM_UP], show_progress_bar=False)
    started = time.perf_counter()
    vectors = model.encode(texts, show_progress_bar=False)
    print(f"{len(texts)} sentences in {time.perf_counter() - started:.3f} s")
    vectors.astype("<f4").tofile(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
