"""Which files of a folder are other ones than before: for programs that cells start, whose files nobody sees being written."""

from __future__ import annotations

import os

_Mark = tuple[int, int, int, int]


class FolderLook:
    """What is in a folder now."""

    def __init__(self, folder: str) -> None:
        """Links are not followed."""
        self._folder = folder
        self._before = _marks(folder)

    def changed(self) -> set[str]:
        """Paths that are new, other or gone since then."""
        now = _marks(self._folder)
        return {path for path in {*now, *self._before} if now.get(path) != self._before.get(path)}


def _marks(folder: str) -> dict[str, _Mark]:
    found: dict[str, _Mark] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            found[path] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found
