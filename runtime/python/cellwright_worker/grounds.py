"""What the imports of a warm parent rest on: whether they would give the same modules if they were made now.

Installed packages, environment variables and limits of the process are compared by the scheduler, which knows them without asking.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from .file_names import absolute
from .marks import mark
from .whence import library_folders

_KINDS = {"open": "content", "os.listdir": "listing", "os.scandir": "listing"}
_IMPORTABLE = (".py", ".pyc", ".so", ".pyd")
_DISTRIBUTIONS = (".dist-info", ".egg-info", ".egg")
# Who goes through the folders of the search path for distributions, and asks for their times to know when to do it again.
_SEARCHES = (os.path.join("importlib", "metadata", ""), os.path.join("importlib_metadata", ""), os.path.join("pkg_resources", ""))
_MOST_FRAMES = 12
# What the kernel of the system tells of now.
_OF_THE_SYSTEM = ("/proc/", "/sys/", "/dev/")


class Grounds:
    """Files that were read, modules that were loaded, names that could have been found instead."""

    def __init__(self, folder: str, private: list[str]) -> None:
        """`folder` is the one that the cells run in; `private` are folders of this program."""
        self._folder = folder
        own = os.path.dirname(os.path.abspath(__file__))
        self._private = tuple(path.rstrip(os.sep) + os.sep for path in (own, *private))
        self._is_recording = False
        # What was asked of which path, and the answers.
        self._asked: set[tuple[str, str]] = set()
        self._marks: dict[tuple[str, str], str] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._wanted: set[str] = set()

    def record(self) -> None:
        """Note what is opened and listed from now on, in this process and in those forked from it, until `take`."""
        self._is_recording = True
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_recording or event not in _KINDS or not arguments:
            return
        # The import system goes through folders for names that could be modules; those are compared apart.
        if event == "open" or not sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
            self.asked(arguments[0], _KINDS[event])

    def asked(self, path: Any, kind: str) -> None:
        """Somebody asks something of a path, as `marks.py` knows it."""
        if self._is_recording and isinstance(path, (str, bytes, os.PathLike)) and not (kind in ("listing", "stat") and _is_search()):
            self._asked.add((absolute(os.fsdecode(path)), kind))

    def resume(self) -> None:
        """Note again, for further imports."""
        self._is_recording = True

    def take(self) -> None:
        """Imports are over: what they rest on is what is there now."""
        self._is_recording = False
        libraries = (*library_folders(), *_OF_THE_SYSTEM, *self._private)
        asked = {(path, kind) for path, kind in self._asked if not (path + os.sep).startswith(libraries) and not _is_compiled(path)}
        self._asked.clear()
        asked.update((file, "content") for file in map(_file_of, list(sys.modules.values())) if file is not None)
        self._marks.update((question, mark(*question)) for question in asked - self._marks.keys())
        self._names = self._importable()

    def note_wanted(self) -> None:
        """Note as well which modules libraries look for, found or not."""
        libraries = library_folders()

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event != "import" or not self._is_recording or not isinstance(arguments[0], str):
                return
            frame = sys._getframe(1)
            while frame.f_back is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
                frame = frame.f_back
            if frame.f_code.co_filename.startswith(libraries):
                self._wanted.add(arguments[0].partition(".")[0])

        sys.addaudithook(hook)

    def hold(self) -> bool:
        """True when importing everything now would do what it did."""
        return (
            os.path.isdir(self._folder)
            and os.path.samefile(os.curdir, self._folder)
            and self._names == self._importable()
            and all(mark(*question) == answer for question, answer in self._marks.items())
        )

    def told(self) -> dict[str, Any]:
        """All of it, for who compares it with what is on another machine; installed packages and this program are compared apart."""
        apart = (*library_folders(), *self._private)
        asked = sorted(self._marks.items())
        around = {folder[:end] for folder in self._private for end, letter in enumerate(folder) if letter == os.sep}
        marks = [
            [path, kind, answer]
            for (path, kind), answer in asked
            if not (path.startswith(apart) or path in around or _is_list_of_fonts(path))
        ]
        wanted = self._wanted | {name.partition(".")[0] for name in list(sys.modules)}
        return {"marks": marks, "names": {folder: sorted(names) for folder, names in self._names.items()}, "wanted": sorted(wanted)}

    def _importable(self) -> dict[str, frozenset[str]]:
        """What could be a module or a distribution in folders of the search path that are not of libraries: it could hide another."""
        found = {}
        for entry in sys.path:
            folder = os.path.abspath(entry or os.curdir)
            if not (folder + os.sep).startswith(library_folders()):
                with contextlib.suppress(OSError):
                    names = os.listdir(folder)
                    found[folder] = frozenset(name for name in names if name.endswith((*_IMPORTABLE, *_DISTRIBUTIONS)) or "." not in name)
        return found


def _is_list_of_fonts(path: str) -> bool:
    """True for what matplotlib keeps of the fonts that it found, in the order of chance."""
    return os.path.basename(path).startswith("fontlist-v")


def _is_search() -> bool:
    """True while somebody looks for distributions; what is found in the notebook's own folders is compared apart."""
    frame = sys._getframe(2)
    for _ in range(_MOST_FRAMES):
        if any(part in frame.f_code.co_filename for part in _SEARCHES):
            return True
        if frame.f_back is None:
            break
        frame = frame.f_back
    return False


def _is_compiled(path: str) -> bool:
    """True for what the import system keeps of a module's source, which is compared itself."""
    return os.path.basename(os.path.dirname(path)) == "__pycache__"


def _file_of(module: Any) -> str | None:
    """The file that a module was loaded from. Nothing is asked of what only pretends to be a module."""
    with contextlib.suppress(TypeError):
        file = vars(module).get("__file__")
        return file if isinstance(file, str) else None
    return None
