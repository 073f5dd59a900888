"""Which objects of the store this run has seen whole, so that each is checked once a run and not once a process.

A line an object in a file of the run's private folder: its name, and what the system says of the file. Whatever is done to a
file changes one of its times, its size or its inode; then it is checked again.
"""

from __future__ import annotations

import os
from typing import Optional

Signature = tuple[int, ...]


def signature(status: os.stat_result) -> Signature:
    """What changes when somebody writes to the file, or puts another in its place."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Seals:
    """What all processes of the run have noted; without a file, what this one has."""

    def __init__(self, path: Optional[str] = None) -> None:
        """The file is made when there is something to note."""
        self._path = path
        self._known: dict[str, Signature] = {}
        self._read = 0

    @classmethod
    def beside(cls, socket: str) -> Seals:
        """Those of the run whose socket this is, in its private folder."""
        return cls(os.path.join(os.path.dirname(socket), "seals"))

    def holds(self, digest: str, now: Signature) -> bool:
        """True when the object was seen whole and its file is as it was then."""
        if self._known.get(digest) != now:
            self._catch_up()
        return self._known.get(digest) == now

    def note(self, digest: str, now: Signature) -> None:
        """The object is whole. A seal that cannot be written is only work for others."""
        self._known[digest] = now
        if self._path is None:
            return
        try:
            with open(self._path, "ab", buffering=0) as file:
                file.write(f"{digest} {' '.join(map(str, now))}\n".encode())
        except OSError:
            self._path = None

    def _catch_up(self) -> None:
        """Read what others have added. A line that is not finished is read the next time."""
        try:
            with open(self._path or os.devnull, "rb") as file:
                file.seek(self._read)
                text = file.read()
        except OSError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode("ascii", "replace").splitlines():
            digest, *numbers = line.split(" ")
            if all(number.isdecimal() for number in numbers):
                self._known[digest] = tuple(map(int, numbers))
