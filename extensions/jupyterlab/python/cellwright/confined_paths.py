"""Paths that a page names, confined to the folder that the Jupyter server serves."""

from __future__ import annotations

import os


class OutsideRoot(ValueError):
    """Raised for a path that is not below the server's root, itself or by a link on its way."""


def confine(root: str, path: str, folder: str = "") -> str:
    """The real path of what a page calls `path`.

    :param root: the folder that the server serves
    :param path: relative to `folder` as Jupyter writes it, with slashes; or a whole path that the server gave out before
    :param folder: a confined folder that relative paths begin at (default: the root)
    :raises OutsideRoot: when it, or what a link on its way leads to, is not below the root
    """
    base = os.path.realpath(root)
    if "\0" in path:
        raise OutsideRoot("A path has no NUL in it.")
    if path.startswith("~"):
        # Some programs take that for a home folder; a file of that name can be written ./~name.
        path = os.path.join(".", path)
    whole = os.path.realpath(os.path.join(folder or base, path))
    if not is_below(base, whole):
        raise OutsideRoot(f"{path} is outside of the folder that this server serves.")
    return whole


def is_below(base: str, path: str) -> bool:
    """True when `path` is `base` or below it; both are real paths."""
    try:
        return os.path.commonpath([base, path]) == base
    except ValueError:
        # Two drives have no path in common.
        return False


def served_path(root: str, path: str) -> str | None:
    """What the contents API calls a file: its path from the root with slashes; nothing for a file outside of it."""
    base = os.path.realpath(root)
    whole = os.path.realpath(path)
    return os.path.relpath(whole, base).replace(os.sep, "/") if is_below(base, whole) else None
