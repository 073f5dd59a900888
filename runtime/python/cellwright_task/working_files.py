"""Files that cells wrote: kept in the store by their content, and put back where a later step may read them.

A file is named from the folder that the cells run in, when it is in it or near it, and by its whole path otherwise.
What a cell left at a path is `{"digest", "size", "mode"}`, `{"folder": true}`, `{"link": target}`, or None for nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from typing import Any, Optional

from cellwright_store.store import key_of

from .plan import Project
from .problem import Problem, StepFailed
from .store import ObjectStore, damaged

Left = Optional[dict[str, Any]]
_FARTHEST = 2


def shown_path(cwd: str, path: str) -> str:
    """A path from the folder of the cells, at most two folders up; else as it is."""
    relative = os.path.relpath(path, cwd)
    return path if relative.split(os.sep).count("..") > _FARTHEST else relative.replace(os.sep, "/")


def lay_out(project: Project, step: str, source: str, cwd: str) -> None:
    """Make the folder of the cells, with the files of `source` that the step reads and no cell writes."""
    os.makedirs(cwd, exist_ok=True)
    for name in sorted(project.files_read(step) - project.files_written()):
        origin, target = os.path.join(source, name), os.path.join(cwd, name)
        if os.path.isabs(name) or ".." in name.split("/") or not os.path.isfile(origin):
            continue
        if not os.path.isfile(target) or digest_of_file(target) != digest_of_file(origin):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # Steps that run at once may share the folder: a file is whole or not there.
            temporary = f"{target}.cellwright-{os.getpid()}.tmp"
            shutil.copyfile(origin, temporary)
            os.replace(temporary, target)


def refuse_second_names(cwd: str, paths: Iterable[str]) -> None:
    """A file with two names in the file system would be two files for the steps behind, so it is no result of a step."""
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            message = f"{shown_path(cwd, path)} has a second name in the file system (a hard link), which steps behind would not have."
            raise StepFailed(Problem("CW810", message, "Write it under one name, or run the notebook with cellwright run.", "", path))


def is_far(shown: str) -> bool:
    """True for a file that is not near the notebook."""
    return os.path.isabs(shown)


def keep(store: ObjectStore, cwd: str, paths: list[str]) -> dict[str, Left]:
    """Put what is now at these paths into the store."""
    found: dict[str, Left] = {}
    for path in paths:
        _keep(store, cwd, path, found)
        folder = os.path.realpath(os.path.dirname(path))
        if folder != os.path.dirname(path):
            _keep(store, cwd, os.path.join(folder, os.path.basename(path)), found)
    return found


def _keep(store: ObjectStore, cwd: str, path: str, found: dict[str, Left]) -> None:
    shown = shown_path(cwd, path)
    try:
        status = os.lstat(path)
    except OSError:
        found[shown] = None
        return
    if stat.S_ISLNK(status.st_mode):
        found[shown] = {"link": os.readlink(path)}
        # It may have been written through the link.
        target = os.path.realpath(path)
        if os.path.isfile(target) and shown_path(cwd, target) not in found:
            _keep(store, cwd, target, found)
    elif stat.S_ISDIR(status.st_mode):
        found[shown] = {"folder": True}
        for name in sorted(os.listdir(path)):
            _keep(store, cwd, os.path.join(path, name), found)
    elif stat.S_ISREG(status.st_mode):
        digest = digest_of_file(path)
        store.put_file(key_of("files", digest), path)
        found[shown] = {"digest": digest, "size": status.st_size, "mode": stat.S_IMODE(status.st_mode)}


def digest_of_file(path: str) -> str:
    """`sha256:` and the digest of what is in it."""
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            whole.update(chunk)
    return "sha256:" + whole.hexdigest()


def put_back(store: ObjectStore, cwd: str, files: dict[str, Left]) -> None:
    """Make these paths what an earlier step left there; what is so already is not touched."""
    for shown in sorted(files):
        path = os.path.normpath(os.path.join(cwd, shown))
        left = files[shown]
        if left is None:
            _remove(path)
        elif left.get("folder"):
            os.makedirs(path, exist_ok=True)
        elif "link" in left:
            if not (os.path.islink(path) and os.readlink(path) == left["link"]):
                _remove(path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(left["link"], path)
        elif not _has(path, left):
            _fetch(store, path, left)


def _has(path: str, left: dict[str, Any]) -> bool:
    is_file = os.path.isfile(path) and not os.path.islink(path)
    return is_file and os.path.getsize(path) == left["size"] and digest_of_file(path) == left["digest"]


def _fetch(store: ObjectStore, path: str, left: dict[str, Any]) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = os.path.join(os.path.dirname(path), f".cellwright-{os.getpid()}.tmp")
    try:
        store.get_file(key_of("files", left["digest"]), temporary)
        if digest_of_file(temporary) != left["digest"]:
            raise damaged(left["digest"])
        os.chmod(temporary, left["mode"])
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
