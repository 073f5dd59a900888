"""Names of files that are bytes and no text. Python has them as strings with surrogates; nobody else could find the files again."""

from __future__ import annotations

import os


def is_text(path: str) -> bool:
    """False for a name that is not UTF-8."""
    if path.isascii():
        return True
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(path: str) -> str:
    """Any name as text for people: bytes that are none stand as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
