"""Files that this process could write to without opening them: what goes through them no audit hook sees."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat

from .marks import REAL_READLINK

# Those of the notebook may be others.
_LIST, _OPEN = os.listdir, open
_DESCRIPTORS = "/proc/self/fd"
_MAPS = "/proc/self/maps"
# Nobody else can open it.
_GONE = " (deleted)"


def writable() -> set[str] | None:
    """Paths of the regular files that are open for writing, or mapped into memory so that a change of it changes them.

    Those that native code has opened are among them. None where the system does not tell.
    """
    try:
        descriptors = _LIST(_DESCRIPTORS)
    except OSError:
        return None
    found = _open(descriptors) | _mapped()
    return {path for path in found if not path.endswith(_GONE)}


def _open(descriptors: list[str]) -> set[str]:
    found: set[str] = set()
    for name in descriptors:
        # The one of the listing itself is closed again.
        with contextlib.suppress(OSError):
            mode = fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE
            if mode != os.O_RDONLY and stat.S_ISREG(os.fstat(int(name)).st_mode):
                found.add(REAL_READLINK(f"{_DESCRIPTORS}/{name}"))
    return found


def _mapped() -> set[str]:
    try:
        with _OPEN(_MAPS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError:
        return set()
    # Range, rights, offset, device, inode and path: the rights end with `s` when others see the changes.
    parts = (line.split(None, 5) for line in lines if " rw-s " in line)
    return {found[5] for found in parts if len(found) == 6 and found[5].startswith("/")}
