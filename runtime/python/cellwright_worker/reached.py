"""Which installed packages this process has reached, so that no other one decides whether a result still holds.

Three ways lead to a package: the import system looks for a module, whether it finds one or not; a path below a folder of packages
is opened, listed or asked about; `importlib.metadata` is asked for a distribution by its name, or for a group of entry points. Whoever
looks at all that is installed has reached all. Everything is noted from the start of the interpreter on, in warm parents as well, and
never forgotten: what a process has loaded stays in it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import os
import re
import site
import sys
import sysconfig
import threading
from collections.abc import Iterator
from typing import Any, Callable, Optional

from .file_names import absolute

_EVENTS = frozenset(["open", "ctypes.dlopen", "os.listdir", "os.scandir"])
_METADATA = "importlib.metadata"
# Loaded by `.pth` files: they look for nothing but what they belong to, and parts of the standard library.
_KNOWN_STARTERS = ("_distutils_hack", "_virtualenv", "__editable__")
# Python itself looks for these before anybody can watch.
_AT_START = ("sitecustomize", "usercustomize")


def _package_folders() -> set[str]:
    """Where packages are installed; `search-path.ts` asks the same question."""
    paths = sysconfig.get_paths()
    folders = {paths["purelib"], paths["platlib"], *site.getsitepackages()}
    return {*folders, site.getusersitepackages()} if site.ENABLE_USER_SITE else folders


class Reached:
    """What was reached in one process."""

    def __init__(self) -> None:
        """Nothing is watched yet."""
        # Why all packages count; empty while not all do.
        self.everything = ""
        # Folder of packages, and the entry in it that was looked for.
        self._entries: set[tuple[str, str]] = set()
        # Names of distributions that were asked for, and groups of entry points.
        self._names: set[str] = set()
        self._groups: set[str] = set()
        self._prefixes: tuple[str, ...] = ()
        self._folder_of: dict[str, str] = {}
        # Of threads whose questions do not count.
        self._mine = threading.local()
        # Of the finder of each entry of a search path: the folder of packages, and the entry in it that the finder's folder is in.
        self._places: dict[str, Optional[tuple[str, str]]] = {}

    def watch(self) -> None:
        """From now on, in this process and in those forked from it."""
        for folder in _package_folders():
            real = os.path.realpath(folder)
            for name in (real, os.path.normpath(folder)):
                self._folder_of[name + os.sep] = real
            self._entries.update((real, name) for name in _AT_START)
        self._prefixes = tuple(sorted(self._folder_of, key=len, reverse=True))
        self._take_start()
        self._watch_imports()
        sys.addaudithook(self._make_hook())

    def _take_start(self) -> None:
        """What a `.pth` file or `sitecustomize` has loaded before; nobody saw what else that looked for."""
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            place = self._find(os.path.abspath(file)) if isinstance(file, str) else None
            if place is not None:
                self._entries.add(place)
                if not place[1].startswith(_KNOWN_STARTERS):
                    self.everything = f"{place[1]} is loaded when the interpreter starts"

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """What this thread looks for meanwhile decides about no result."""
        before, self._mine.aside = self._is_aside, True
        try:
            yield
        finally:
            self._mine.aside = before

    @property
    def _is_aside(self) -> bool:
        return getattr(self._mine, "aside", False)

    def report(self) -> dict[str, Any]:
        """What was reached so far."""
        return {
            "everything": self.everything,
            "entries": [list(entry) for entry in sorted(self._entries)] if not self.everything else [],
            "names": sorted(self._names) if not self.everything else [],
            "groups": sorted(self._groups) if not self.everything else [],
        }

    def _watch_imports(self) -> None:
        original: Callable[..., Any] = importlib.machinery.FileFinder.find_spec

        @functools.wraps(original)
        def find_spec(finder: Any, fullname: str, target: Any = None) -> Any:
            place = self._place_of(finder.path)
            if place is not None and not self._is_aside:
                folder, entry = place
                self._entries.add((folder, entry or fullname.rpartition(".")[2]))
            spec = original(finder, fullname, target)
            if fullname == _METADATA and spec is not None and spec.loader is not None:
                self._watch_metadata(spec.loader)
            return spec

        importlib.machinery.FileFinder.find_spec = find_spec  # type: ignore[assignment, method-assign]
        if _METADATA in sys.modules:
            self._take_metadata(sys.modules[_METADATA])

    def _watch_metadata(self, loader: Any) -> None:
        original = loader.exec_module

        def exec_module(module: Any) -> None:
            original(module)
            del loader.exec_module
            self._take_metadata(module)

        loader.exec_module = exec_module

    def _take_metadata(self, module: Any) -> None:
        """It keeps what it found, so that a folder is not listed again when somebody asks."""
        finder = module.MetadataPathFinder
        original = finder.find_distributions

        def find_distributions(cls: Any, *arguments: Any, **keywords: Any) -> Any:
            context = arguments[0] if arguments else keywords.get("context")
            self.asked_for(getattr(context, "name", None))
            return original(*arguments, **keywords)

        finder.find_distributions = classmethod(find_distributions)
        original_entry_points = module.entry_points

        @functools.wraps(original_entry_points)
        def entry_points(**parameters: Any) -> Any:
            group = parameters.get("group")
            if not isinstance(group, str):
                return original_entry_points(**parameters)
            self._groups.add(group)
            # All distributions are gone through, and what is not of the group decides about nothing.
            with self.aside():
                return original_entry_points(**parameters)

        module.entry_points = entry_points

    def asked_for(self, name: Any) -> None:
        """A distribution by its name, or all of them."""
        if self._is_aside:
            return
        if isinstance(name, str):
            self._names.add(re.sub(r"[-_.]+", "-", name).lower())
        else:
            self.everything = self.everything or "it looks through all installed packages"

    def _place_of(self, path: Any) -> Optional[tuple[str, str]]:
        if path not in self._places:
            text = os.path.abspath(path) if isinstance(path, str) else ""
            self._places[path] = self._find(text)
        return self._places[path]

    def _find(self, text: str) -> Optional[tuple[str, str]]:
        """Folder of packages and entry of a path that leads into one."""
        slashed = text + os.sep
        for prefix in self._prefixes:
            if slashed.startswith(prefix):
                return self._folder_of[prefix], slashed[len(prefix) :].partition(os.sep)[0]
        return None

    def _make_hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """A function with as little to do as can be for all other events: some are as frequent as calls of `id`."""

        def hook(event: str, arguments: tuple[Any, ...], events: frozenset[str] = _EVENTS) -> None:
            if event not in events or not arguments:
                return
            if event in ("open", "ctypes.dlopen"):
                self.looked_at(arguments[0], "content")
            elif not _is_known_search(sys._getframe(1).f_code.co_filename):
                self.looked_at("." if arguments[0] is None else arguments[0], "listing")

        return hook

    def looked_at(self, path: Any, kind: str) -> None:
        """Somebody opens a path, lists it, or asks what is there; `kind` is one of `marks.py`."""
        # Most are whole paths that lead elsewhere.
        if (
            type(path) is str
            and path[:1] == "/"
            and not (path + os.sep).startswith(self._prefixes)
            and "/." not in path
            and "//" not in path
        ):
            return
        if self._is_aside:
            return
        if isinstance(path, int):
            if kind != "listing":
                return  # It was opened before.
            path = f"/proc/self/fd/{path}"
        try:
            text = absolute(os.fsdecode(path))
        except (TypeError, ValueError, OSError):
            return
        place = self._find(text)
        if place is None:
            return
        folder, entry = place
        if entry:
            if entry != "__pycache__":  # The import system was asked for the module that it belongs to.
                self._entries.add((folder, entry))
        elif kind in ("listing", "entries", "stat", "lstat", "content"):
            self.everything = self.everything or "it looks through the folder of installed packages"


def _is_known_search(file: str) -> bool:
    """True for those who list folders to find what they were asked for: that was noted when they were asked."""
    return file.startswith("<frozen importlib") or file == _metadata_file()


def _metadata_file() -> str:
    module = sys.modules.get(_METADATA)
    return getattr(module, "__file__", None) or os.path.join(os.path.dirname(os.__file__), "importlib", "metadata", "__init__.py")


reached = Reached()
