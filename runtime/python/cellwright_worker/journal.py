"""What a run did to the outside, written down before it is done, so that the cells can be run again from the start.

One line of JSON an effect, in the file `effects.jsonl` of the run's own folder; files that are about to change are copied there
first. What cannot be undone is written down as `lasting`.
"""

from __future__ import annotations

import os
import shutil
import threading
from json import dumps
from typing import Any

LARGEST_COPY = 512 << 20
MOST_FILES = 2000


class Journal:
    """The effects of one process; several processes append to the same file."""

    def __init__(self, folder: str) -> None:
        """`folder` is the run's; it is made when the first effect happens."""
        self._folder = folder
        self._seen: set[str] = set()
        self._count = 0

    def about_to_change(self, path: str) -> None:
        """Keep what the path is now: nothing, a file, or a folder that is small enough."""
        if path in self._seen:
            return
        self._seen.add(path)
        if not os.path.lexists(path):
            self._add({"path": path, "was": "missing"})
        elif _size(path) > LARGEST_COPY or not (os.path.isfile(path) or os.path.isdir(path)):
            self.lasting(f"changed {path}")
        else:
            self._keep(path)

    def lasting(self, what: str) -> None:
        """Something that cannot be undone."""
        if what not in self._seen:
            self._seen.add(what)
            self._add({"was": "lasting", "what": what})

    def _keep(self, path: str) -> None:
        self._count += 1
        copy = os.path.join(self._folder, f"{os.getpid()}-{threading.get_native_id()}-{self._count}")
        try:
            os.makedirs(self._folder, exist_ok=True)
            if os.path.isdir(path):
                shutil.copytree(path, copy, symlinks=True)
            else:
                _copy(path, copy)
        except (OSError, shutil.Error) as error:
            self.lasting(f"changed {path}, of which no copy could be kept ({error})")
            return
        self._add({"path": path, "was": "kept", "copy": copy})

    def _add(self, entry: dict[str, Any]) -> None:
        os.makedirs(self._folder, exist_ok=True)
        line = dumps(entry) + "\n"
        with open(os.path.join(self._folder, "effects.jsonl"), "a", encoding="utf-8") as file:
            file.write(line)


def _copy(path: str, copy: str) -> None:
    """As `shutil.copy2`, which would call what a notebook has put in the place of `open`."""
    with open(path, "rb") as source, open(copy, "wb") as target:
        while True:
            piece = source.read(1 << 20)
            if not piece:
                break
            target.write(piece)
    shutil.copystat(path, copy)


def _size(path: str) -> int:
    """Bytes of a file or of everything in a folder; more than can be kept when there are too many files."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    total, count = 0, 0
    for parent, _, names in os.walk(path):
        for name in names:
            count += 1
            total += os.lstat(os.path.join(parent, name)).st_size
        if total > LARGEST_COPY or count > MOST_FILES:
            return LARGEST_COPY + 1
    return total


_READING = frozenset(
    {
        "ls", "pwd", "cat", "head", "tail", "wc", "echo", "printf", "which", "type", "whoami", "hostname", "uname", "date", "cal", "tree",
        "du", "df", "grep", "egrep", "fgrep", "find", "file", "free", "lscpu", "nproc", "nvidia-smi", "sort", "uniq", "cut", "tr", "diff",
        "md5sum", "sha1sum", "sha256sum", "env", "printenv", "true", "false", "test", "sleep", "less", "more", "dir", "cmp", "stat",
        "pip", "pip3", "conda", "mamba", "wget", "curl", "fc-list", "lsb_release", "ps", "id", "basename", "dirname", "realpath",
    }
)  # fmt: skip
_SILENT = ("2>&1", "2>/dev/null", ">/dev/null", "&>/dev/null", "> /dev/null", "2> /dev/null")


def only_reads(command: str) -> bool:
    """True for shell commands that may be run a second time: they read, download or install, and change nothing else."""
    for silent in _SILENT:
        command = command.replace(silent, " ")
    if any(mark in command for mark in (">", "`", "$(")) or "-exec" in command or "-delete" in command:
        return False
    for mark in ("&&", "||", ";", "|", "\n", "&"):
        command = command.replace(mark, "\0")
    for part in command.split("\0"):
        words = [word for word in part.split() if "=" not in word.split("/")[0]]
        if words and os.path.basename(words[0]) not in _READING and words[1:] not in (["--version"], ["-V"], ["--help"]):
            return False
    return True
