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

from .file_names import is_text, shown
from .kept_secrets import secrets

LARGEST_COPY = 512 << 20
MOST_FILES = 2000


class Journal:
    """The effects of one process; several processes append to the same file."""

    def __init__(self, folder: str) -> None:
        """`folder` is the run's; it is made when the first effect happens."""
        self.folder = folder
        self._seen: set[str] = set()
        self._count = 0

    def about_to_change(self, path: str, itself: bool = False) -> None:
        """Keep what the path is now: nothing, a file, or a folder that is small enough. `itself`: not what a link there points to."""
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) if itself else os.path.realpath(path)
        if path in self._seen:
            return
        self._seen.add(path)
        if not is_text(path):
            self.lasting(f"changed {shown(path)}, whose name is not UTF-8")
        elif not os.path.lexists(path):
            self._add({"path": path, "was": "missing"})
        elif os.path.islink(path):
            self._add({"path": path, "was": "link", "to": os.readlink(path)})
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
        copy = os.path.join(self.folder, f"{os.getpid()}-{threading.get_native_id()}-{self._count}")
        try:
            os.makedirs(self.folder, exist_ok=True)
            if os.path.isdir(path):
                shutil.copytree(path, copy, symlinks=True)
            else:
                _copy(path, copy)
        except (OSError, shutil.Error) as error:
            self.lasting(f"changed {path}, of which no copy could be kept ({error})")
            return
        self._add({"path": path, "was": "kept", "copy": copy})

    def _add(self, entry: dict[str, Any]) -> None:
        os.makedirs(self.folder, exist_ok=True)
        if "what" in entry:
            entry = {**entry, "what": secrets.mask(entry["what"])}
        line = dumps(entry) + "\n"
        with open(os.path.join(self.folder, "effects.jsonl"), "a", encoding="utf-8") as file:
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


# Programs that write nothing, whatever they are told.
_READING = frozenset(
    {
        "ls", "pwd", "cat", "head", "tail", "wc", "echo", "printf", "which", "type", "whoami", "uname", "cal", "du", "df", "grep", "egrep",
        "fgrep", "free", "lscpu", "nproc", "cut", "tr", "diff", "md5sum", "sha1sum", "sha256sum", "printenv", "true", "false", "test",
        "sleep", "dir", "cmp", "stat", "fc-list", "lsb_release", "ps", "id", "basename", "dirname", "realpath",
    }
)  # fmt: skip
# Programs that write nothing unless they are told so: by which words. A word begins like that, or is a bundle of letters with it.
_UNLESS = {
    "sort": ("-o", "--o", "--compress", "-T"),
    "tree": ("-o", "--o"),
    "find": ("-exec", "-ok", "-delete", "-fprint", "-fls"),
    "file": ("-C", "--compile"),
    "date": ("-s", "--s"),
    "nvidia-smi": ("-",),
}
# What they install or list is the same after a second time.
_INSTALLERS = {
    "pip": ("install", "list", "show", "freeze"),
    "pip3": ("install", "list", "show", "freeze"),
    "conda": ("list", "info"),
    "mamba": ("list",),
}
_SILENT = ("2>&1", "2>/dev/null", ">/dev/null", "&>/dev/null", "> /dev/null", "2> /dev/null")


def only_reads(command: str) -> bool:
    """True for shell commands that may be run a second time: they read or install, and change nothing else."""
    for silent in _SILENT:
        command = command.replace(silent, " ")
    if any(mark in command for mark in (">", "`", "$(", "<(")):
        return False
    for mark in ("&&", "||", ";", "|", "\n", "&"):
        command = command.replace(mark, "\0")
    return all(_part_only_reads(part.split()) for part in command.split("\0"))


def _part_only_reads(words: list[str]) -> bool:
    if not words:
        return True
    # An assignment before the program may make it another program: PATH=… ls.
    name, arguments = os.path.basename(words[0]), words[1:]
    if ("/" not in words[0] and arguments in (["--version"], ["-V"], ["--help"])) or (name in _READING and "=" not in words[0]):
        return True
    if name == "uniq":  # A second file is what it writes.
        return not [word for word in arguments if not word.startswith("-")][1:]
    if name in _INSTALLERS:
        return bool(arguments) and arguments[0] in _INSTALLERS[name]
    return name in _UNLESS and not any(_asks(word, _UNLESS[name]) for word in arguments)


def _asks(word: str, to_write: tuple[str, ...]) -> bool:
    """True for an option among them, alone, with its value, or in a bundle of letters (`sort -uo FILE`)."""
    word = word.strip("'\"")
    letters = [option[1] for option in to_write if len(option) == 2 and option[1] != "-"]
    bundled = word[:1] == "-" and word[:2] != "--" and any(letter in word for letter in letters)
    return word.startswith(to_write) or bundled
