"""What a result depends on in the interpreter and its packages, for engines that use results again."""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from importlib.metadata import distributions

LETTERS = 12


def tag_of_text(text: str) -> str:
    """Short, and another one for another text."""
    return hashlib.sha256(text.encode()).hexdigest()[:LETTERS]


@lru_cache(maxsize=1)
def tag_of_environment() -> str:
    """Of the interpreter and all installed packages with their versions."""
    packages = {f"{package.metadata['Name']}=={package.version}" for package in distributions()}
    return tag_of_text("\n".join([sys.version, *sorted(packages)]))
