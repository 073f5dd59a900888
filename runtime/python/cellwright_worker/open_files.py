"""Files that are open: this process could use them without opening them, and what goes through them no audit hook sees."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat

from .marks import REAL_READLINK
from .mentions import notebook_text
from .variables import TEMPORARY_FOLDER

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


# Where this process keeps what programs write to the standard streams, and what it compares.
_OWN = re.compile(rf"{re.escape(os.path.join(TEMPORARY_FOLDER, 'cellwright-'))}\w+ \(deleted\)|/memfd:cellwright.*")
# Who uses none of these has objects, which say what is open, and no bare numbers. `os.pipe` takes no arguments, which tells it
# from a variable of that name.
_NUMBERS = (
    "os.open", "from os import", "mkstemp", "os.pipe", "pipe()", "pipe2", "socketpair", "openpty", "memfd_create", "eventfd", "dup", "dup2",
    "fileno", "detach",
)  # fmt: skip


class LeftOpen:
    """Descriptors that were not there before: a cell may keep the number alone, which stands for nothing in another process."""

    def __init__(self) -> None:
        """Remembers what is open now."""
        self._before = _behind()

    def capture(self) -> list[tuple[int, str]]:
        """Those with what is behind them, but for what is mapped, as objects of the store are. None where no cell works with numbers."""
        if not any(map(notebook_text.mentions, _NUMBERS)):
            return []
        mapped = {parts[5] for parts in _mappings()}
        fresh = (item for item in _behind().items() if self._before.get(item[0]) != item[1])
        return sorted((number, path) for number, path in fresh if path not in mapped and not _OWN.fullmatch(path))


def _behind() -> dict[int, str]:
    found = {}
    for number in _LIST(_DESCRIPTORS) if os.path.isdir(_DESCRIPTORS) else []:
        with contextlib.suppress(OSError):  # The one of the listing itself is closed again.
            found[int(number)] = REAL_READLINK(f"{_DESCRIPTORS}/{number}")
    return found


def _mappings() -> list[list[str]]:
    """Range, rights, offset, device, inode and path of what is mapped from files."""
    try:
        with _OPEN(_MAPS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError:
        return []
    return [parts for parts in (line.split(None, 5) for line in lines) if len(parts) == 6]


def _mapped() -> set[str]:
    # The rights end with `s` when others see the changes.
    parts = (line for line in _mappings() if line[1] == "rw-s")
    return {found[5] for found in parts if len(found) == 6 and found[5].startswith("/")}
