"""What a cached result depends on and no argument of a task shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cellwright_task.environment import LETTERS


def tag_of_files(folders: Sequence[Path], names: Sequence[str]) -> str:
    """Of what is in these files wherever they are, and of which are missing."""
    whole = hashlib.sha256()
    for name in sorted(names):
        for folder in folders:
            whole.update(f"{name}\0{_digest(folder / name)}\0".encode())
    return whole.hexdigest()[:LETTERS]


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            found.update(chunk)
    return found.hexdigest()
