"""What a step looked at that neither its inputs nor the version of its cached result say."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Any, Optional

from .plan import Project
from .problem import Problem, StepFailed
from .working_files import shown_path

_SYSTEM = ("/usr", "/etc", "/lib", "/lib64", "/bin", "/sbin", "/proc", "/sys", "/dev", "/run", "/opt", "/var")
_LISTS = ("listing", "entries", "distributions")
_QUESTIONS = {"content": "read"}


def missing_looks(looks: Sequence[dict[str, Any]], cwd: str) -> list[str]:
    """What was asked for near the notebook and was not there. A container never has it; here it may appear."""
    places = _machine()
    paths = {look["path"] for look in looks if look["signature"] == "missing" and not _is_below(look["path"], places)}
    shown = {shown_path(os.path.realpath(cwd), path) for path in paths}
    return sorted(name for name in shown if not _is_import(name, shown))


def listed_folders(looks: Sequence[dict[str, Any]], cwd: str) -> list[str]:
    """Folders near the notebook of which it asked what is in them."""
    places = _machine()
    paths = {look["path"] for look in looks if look["kind"] in _LISTS and not _is_below(look["path"], places)}
    return sorted(shown_path(os.path.realpath(cwd), path) for path in paths)


def unknown_look(looks: Sequence[dict[str, Any]], cwd: str, known: set[str]) -> Optional[str]:
    """The first in words; None when all is known, or belongs to the machine and its packages."""
    places = _machine()
    for look in looks:
        path = look["path"]
        shown = shown_path(os.path.realpath(cwd), path)
        if any(shown == name or shown.startswith(name + "/") for name in known) or _is_below(path, places):
            continue
        if look["kind"] not in _QUESTIONS and (os.path.realpath(cwd) + os.sep).startswith(path.rstrip(os.sep) + os.sep):
            # The folder of the notebook, and those above it, are there wherever the notebook is.
            continue
        if look["signature"] == "missing" or look["kind"] in _LISTS:
            # A container has no other files than the plan knows; on this machine `asked` remembers the answer.
            continue
        if look["kind"] not in _QUESTIONS and any(name.startswith(shown + "/") for name in known):
            continue
        return f"{_QUESTIONS.get(look['kind'], 'asked about')} {shown}"
    return None


def refuse_unknown_look(looks: Optional[Sequence[dict[str, Any]]], project: Project, step: str, cwd: str) -> None:
    """`StepFailed` when the step looked at what the plan does not list, which may be another one when its result is used again."""
    found = _change_unseen(looks, set(project.files_read(step) | project.files_written()), cwd)
    if found is not None:
        message = f"{step} {found}. The engine uses results again, and cannot know when that is another one, so this one was not kept."
        advice = (
            "Write #| cache: false in the cell, or emit the notebook again after cellwright run and cellwright profile with these values."
        )
        raise StepFailed(Problem("CW822", message, advice))


def _change_unseen(looks: Optional[Sequence[dict[str, Any]]], known: set[str], cwd: str) -> Optional[str]:
    if looks is None:
        return "may have looked at any file"
    found = unknown_look(looks, cwd, known)
    if found is not None:
        return found
    for name in missing_looks(looks, cwd):
        # What a cell of the notebook makes is not there before.
        if not any(one == name or one.startswith(name + "/") for one in known):
            return f"looked for {name}, which is not there"
    return next((f"listed what is in {name}" for name in listed_folders(looks, cwd)), None)


def _is_import(shown: str, missing: set[str]) -> bool:
    """True for a place where an import looked for a module that is somewhere else or nowhere: it asks for the name and for the file."""
    name = shown.split("/")[-1].split(".")[0]
    return name in missing and f"{name}.py" in missing


def _machine() -> list[str]:
    """Folders of the system, of the interpreter and its packages, and what programs keep for a user."""
    found = {*_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix}
    found.update(path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages"))
    return sorted({os.path.realpath(path) for path in found} | found)


def _is_below(path: str, places: list[str]) -> bool:
    home = os.path.expanduser("~")
    if path.startswith(os.path.join(home, ".")) or path in (home, "/", tempfile.gettempdir()):
        return True
    return any(path == place or path.startswith(place + os.sep) for place in places)
