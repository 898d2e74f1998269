"""Fails if a crate of the lock file asks for a newer Rust than Cargo.toml promises.

    cargo metadata --format-version 1 --all-features --locked | python3 tests/python/rust_versions.py
"""

import json
import sys


def number(version):
    """1.91 and 1.91.0 are the same."""
    return tuple(int(part) for part in (version + ".0.0").split(".")[:3])


packages = json.load(sys.stdin)["packages"]
promised = next(package["rust_version"] for package in packages if package["name"] == "framescope")
newer = [
    f"{package['name']} {package['version']} asks for Rust {package['rust_version']}"
    for package in packages
    if package["rust_version"] and number(package["rust_version"]) > number(promised)
]
if newer:
    sys.exit("\n".join([f"Cargo.toml promises Rust {promised}, but:", *newer]))
print(f"{len(packages)} crates are content with Rust {promised}")
