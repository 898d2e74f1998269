"""What must be here before anything is measured: programs built, peers installed, and the machine's name."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Failure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
LABELS = ROOT / "labels" / "framing-en.csv"
NO_FASTTEXT = """fasttext is not installed, and the table is not whole without it. On Debian and Ubuntu:
    apt-get install fasttext"""


@dataclass(frozen=True)
class Programs:
    """Everything that is run."""

    framescope: Path
    floor: Path
    solver: Path
    # The interpreter of the virtual environment that has the peers.
    python: Path
    fasttext: Path


def target() -> Path:
    """Where cargo builds, and the virtual environment beside that: in no commit, and gone with `cargo clean`."""
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


def built(words: list[str], name: str) -> Path:
    """Builds with cargo, and finds the executable by the messages that cargo prints for programs."""
    command = ["cargo", *words, "--message-format=json-render-diagnostics"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed; its messages stand above")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    found = [one["executable"] for one in messages if one.get("executable") and one["target"]["name"] == name]
    return Path(found[-1])


def virtual_environment(folder: Path, requirements: Path, tell: Callable[[str], None]) -> Path:
    """The interpreter of peers; installs them in `folder` where they are not yet, or not as the requirements say."""
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    wanted = requirements.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        tell(f"installing {', '.join(wanted.split())} in {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            requirements,
        ]
        if subprocess.run(install, stdout=sys.stderr, check=False).returncode != 0:
            raise Failure(f"pip could not install {requirements}; its message stands above")
        stamp.write_text(wanted, encoding="utf-8")
    return python


def prepare(framescope: Path | None, tell: Callable[[str], None]) -> Programs:
    """Builds and installs what is not there yet. `framescope` names a program that is there already."""
    fasttext = shutil.which("fasttext")
    if fasttext is None:
        raise Failure(NO_FASTTEXT)
    if framescope is not None and not framescope.is_file():
        raise Failure(f"there is no program {framescope}")
    tell("building")
    return Programs(
        framescope=(framescope or built(["build", "--release", "--bin", "framescope"], "framescope")).resolve(),
        floor=built(["bench", "--no-run", "--bench", "floor"], "floor"),
        solver=built(["bench", "--no-run", "--bench", "solver"], "solver"),
        python=virtual_environment(target() / "peers", REQUIREMENTS, tell),
        fasttext=Path(fasttext),
    )


def _said(*words: str | Path) -> str:
    """What a program prints of itself, or nothing if it does not."""
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def installed(python: Path, requirements: Path) -> dict[str, str]:
    """The packages that are required, and the versions that are there."""
    listed = json.loads(_said(python, "-m", "pip", "--disable-pip-version-check", "list", "--format=json"))
    found = {package["name"]: package["version"] for package in listed}
    wanted = [line.split("==")[0] for line in requirements.read_text(encoding="utf-8").split()]
    return {name: found[name] for name in wanted}


def versions(programs: Programs, own: bool) -> dict[str, str]:
    """Each program's name and version; a program that is not our own build may be of any commit."""
    commit = _said("git", "rev-parse", "--short", "HEAD") or "unknown"
    changed = " with changes" if _said("git", "status", "--porcelain", "--untracked-files=no") else ""
    of_what = {"commit": commit + changed} if own else {"program": str(programs.framescope)}
    return {
        "framescope": _said(programs.framescope, "--version").removeprefix("framescope "),
        **of_what,
        "rustc": _said("rustc", "--version").split()[1],
        "fastText": _said("dpkg-query", "-W", "-f", "${Version}", "fasttext") or "of unknown version",
        "Python": _said(programs.python, "--version").removeprefix("Python "),
        **installed(programs.python, REQUIREMENTS),
    }


def machine() -> dict[str, str | int]:
    """Processor, cores and memory."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
        named = [value.strip() for key, _, value in lines if key.strip() == "model name"]
        model = named[0] if named else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "cores": os.cpu_count() or 1, "memory_gb": round(memory / 1e9), "system": platform.system()}
