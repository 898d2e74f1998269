"""The bundled model's card names the labels as they are: `provenance.py FRAMESCOPE LABELS.csv`.

Only this can be checked everywhere: the model is distilled, and the unlabelled rows and the encoder are not here.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

program, labels = sys.argv[1:]
metadata = json.loads(subprocess.run([program, "inspect", "--format", "json"], check=True, capture_output=True).stdout)
training = metadata["training"]
expected = hashlib.sha256(Path(labels).read_bytes()).hexdigest()
for whose, sources in (
    ("the student", training["sources"]),
    ("its teacher", training["distillation"]["teacher"]["sources"]),
):
    found = [source["sha256"] for source in sources]
    if found != [expected]:
        sys.exit(f"{whose} of the bundled model was trained on rows with the hashes {found}; {labels} has {expected}")
unlabelled = training["distillation"]["unlabelled"]
if not unlabelled or not all(len(source["sha256"]) == 64 for source in unlabelled):
    sys.exit("the bundled model's card should name its unlabelled rows by their hash")
print(f"the bundled model and its teacher were trained on {labels} as it is")
