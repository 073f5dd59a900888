"""Names of files: which file a path leads to, and whether anybody but Python could find it again by its name."""

from __future__ import annotations

import os

from .marks import REAL_READLINK

# After so many Linux gives up.
_MOST_LINKS = 40
# Below them are links to files that are anywhere.
_LEAD_ELSEWHERE = ("/proc/", "/dev/fd/", "/dev/std")


def absolute(path: str) -> str:
    """The path in full, as `os.path.abspath` gives it, but for what the system does otherwise: `..` after a link leads out of the
    folder that it points to, and a file that was reached by the number of a process or of an open file has a name of its own.
    """
    text = path if path.startswith("/") else os.path.join(os.getcwd(), path)
    if text.startswith(_LEAD_ELSEWHERE):
        return _followed(text)
    parts = text.split("/")
    if ".." not in parts:
        return os.path.normpath(text)
    last = len(parts) - parts[::-1].index("..")
    return os.path.normpath(os.path.join(_followed("/".join(parts[:last])), *parts[last:]))


def _followed(path: str) -> str:
    """As `os.path.realpath`, which asks with functions that are watched."""
    done, left, links = "/", path.split("/")[::-1], 0
    while left:
        part = left.pop()
        if part == "..":
            done = os.path.dirname(done)
        if part in ("", ".", ".."):
            continue
        try:
            to = REAL_READLINK(os.path.join(done, part))
        except OSError:  # It is no link.
            done = os.path.join(done, part)
            continue
        links += 1
        if links > _MOST_LINKS:
            return path
        done = "/" if to.startswith("/") else done
        left.extend(reversed(to.split("/")))
    return done


def is_text(path: str) -> bool:
    """False for a name that is not UTF-8: Python has it as a string with surrogates."""
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
