"""Folders of a host: those that all hosts of a run on this machine share, and its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile

_LOCK = "lock"
_LONGEST_BASE = 60


def base() -> str:
    """Where this user's hosts keep what they need, for nobody else to see. Raises `PermissionError` for a folder of somebody else."""
    place = os.path.join(tempfile.gettempdir(), f"cellwright-{os.getuid()}")
    if len(place) > _LONGEST_BASE:  # Sockets have short addresses.
        place = os.path.join("/tmp", os.path.basename(place))
    os.makedirs(place, mode=0o700, exist_ok=True)
    found = os.lstat(place)
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{place} is not this user's alone")
    return place


class SharedFolder:
    """A folder that is there as long as some host has it, and is removed by the last."""

    def __init__(self, name: str) -> None:
        """Those of hosts that were killed are removed on the way."""
        self._base = base()
        self.path = os.path.join(self._base, f"run-{name}")
        while True:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            self._lock = os.open(os.path.join(self.path, _LOCK), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            if _is_linked(self._lock, self.path):
                break
            os.close(self._lock)
        for other in os.listdir(self._base):
            if other.startswith("run-") and other != os.path.basename(self.path):
                _remove_if_unused(os.path.join(self._base, other))

    def own(self) -> str:
        """A new folder in it for one host alone."""
        return tempfile.mkdtemp(prefix="h-", dir=self.path)

    def leave(self) -> None:
        """Done with it."""
        os.close(self._lock)
        _remove_if_unused(self.path)


def _is_linked(lock: int, path: str) -> bool:
    """False when somebody has removed the folder between its opening and its locking."""
    try:
        return os.fstat(lock).st_ino == os.stat(os.path.join(path, _LOCK)).st_ino
    except FileNotFoundError:
        return False


def _remove_if_unused(path: str) -> None:
    try:
        lock = os.open(os.path.join(path, _LOCK), os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass
    finally:
        os.close(lock)


def make_missing(path: str) -> list[str]:
    """Make a folder with those above it; gives those that were not there, the deepest first."""
    made: list[str] = []
    while not os.path.isdir(path):
        made.append(path)
        path = os.path.dirname(path)
    for folder in reversed(made):
        os.mkdir(folder)
    return made


def remove_empty(folders: list[str]) -> None:
    """Take folders away again that are still empty."""
    for folder in folders:
        with contextlib.suppress(OSError):
            os.rmdir(folder)
