"""Questions about files that no audit event tells of: `os.stat` and its like. Each is noted with what its answer depends on."""

from __future__ import annotations

import functools
import genericpath
import os
import pathlib
import posixpath
import shutil
import sys
from types import CodeType
from typing import Any, Callable

from .marks import mark
from .whence import library_folders

# Path, kind of mark, descriptor of the folder that the path is relative to.
Ask = Callable[[Any, str, Any], None]


def _codes(*functions: Any) -> frozenset[CodeType]:
    return frozenset(function.__code__ for function in functions if hasattr(function, "__code__"))


_PASS_ON = _codes(pathlib.Path.stat, pathlib.Path.lstat, genericpath.samefile, vars(shutil).get("_stat"))
_ASK_TYPE = _codes(
    genericpath.exists, genericpath.isfile, genericpath.isdir, pathlib.Path.exists, pathlib.Path.is_file, pathlib.Path.is_dir,
    shutil.copyfile, vars(shutil).get("_samefile"),
)  # fmt: skip
# The standard library's, in one file up to Python 3.9, and the package that newer versions of it come in.
_OF_METADATA = tuple(
    os.path.join(*place)
    for place in (("importlib", "metadata", "__init__.py"), ("importlib", "metadata.py"), ("importlib_metadata", "__init__.py"))
)
_ASK_LINK = _codes(pathlib.Path.is_symlink)
# The interpreter has some modules of the standard library frozen, under other file names.
_OF_PATHS = posixpath.realpath.__code__.co_filename
_WAYS = frozenset({_OF_PATHS, genericpath.exists.__code__.co_filename, *(code.co_filename for code in _PASS_ON)})
_CAPABILITIES = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks", "supports_effective_ids")


def searches_distributions(code: CodeType) -> bool:
    """True for the standard library where it looks for a distribution in a folder: only the names of their metadata decide."""
    return code.co_name in ("children", "mtime") and code.co_filename.endswith(_OF_METADATA)


def _kind(strict: str) -> str:
    """What is asked, as far as who asks it tells: whether there is a file does not depend on its time."""
    frame = sys._getframe(3)
    while frame.f_back is not None and frame.f_code in _PASS_ON:
        frame = frame.f_back
    if frame.f_code in _ASK_TYPE:
        return "type"
    if searches_distributions(frame.f_code):
        return "distributions"
    of_links = frame.f_code in _ASK_LINK or (frame.f_code.co_filename == _OF_PATHS and strict == "lstat")
    return "link" if of_links else strict


def _of_a_folder_by_a_library(path: Any, kind: str) -> bool:
    """True for libraries that look at a folder: whether they may use it, not when a file in it was made."""
    if kind not in ("stat", "lstat"):
        return False
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename in _WAYS:
        frame = frame.f_back
    if not frame.f_code.co_filename.startswith(library_folders()):
        return False
    return mark(os.fsdecode(path), "type") == "dir"


def watch_questions(ask: Ask) -> None:
    """Call `ask` before each of them is answered."""

    def stat(path: Any, keywords: dict[str, Any]) -> str:
        return _kind("stat" if keywords.get("follow_symlinks", True) else "lstat")

    kinds: dict[str, Callable[[Any, dict[str, Any]], str]] = {
        "stat": stat,
        "lstat": lambda path, keywords: _kind("lstat"),
        "readlink": lambda path, keywords: "link",
        "access": lambda path, keywords: "access",
    }
    for name, kind in kinds.items():
        _wrap(name, ask, kind)


def _wrap(name: str, ask: Ask, kind: Callable[[Any, dict[str, Any]], str]) -> None:
    original = getattr(os, name)

    @functools.wraps(original)
    def asked(path: Any, *arguments: Any, **keywords: Any) -> Any:
        if not isinstance(path, int):
            asked_for = kind(path, keywords)
            ask(path, "access" if _of_a_folder_by_a_library(path, asked_for) else asked_for, keywords.get("dir_fd"))
        return original(path, *arguments, **keywords)

    replace(name, asked)


def replace(name: str, function: Any) -> None:
    """Put a function in the place of one of `os`, with all that `os` says of that."""
    original = getattr(os, name)
    function.__module__ = "os"
    for capability in _CAPABILITIES:
        functions: set[Any] = getattr(os, capability, set())
        if original in functions:
            functions.add(function)
    setattr(os, name, function)
