"""What a cached result depends on and no argument of a task shows."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path

_LETTERS = 12


def tag_of_text(text: str) -> str:
    """Short, and another one for another text."""
    return hashlib.sha256(text.encode()).hexdigest()[:_LETTERS]


@lru_cache(maxsize=1)
def tag_of_environment() -> str:
    """Of the interpreter and all installed packages with their versions."""
    packages = {f"{package.metadata['Name']}=={package.version}" for package in distributions()}
    return tag_of_text("\n".join([sys.version, *sorted(packages)]))


def tag_of_files(folders: Sequence[Path], names: Sequence[str]) -> str:
    """Of what is in these files wherever they are, and of which are missing."""
    whole = hashlib.sha256()
    for name in sorted(names):
        for folder in folders:
            whole.update(f"{name}\0{_digest(folder / name)}\0".encode())
    return whole.hexdigest()[:_LETTERS]


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            found.update(chunk)
    return found.hexdigest()
