"""From the modules that the cells name to the distributions that have them, through the modules of the user's own."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
from typing import Any, Optional

from .installed import Installed
from .statements import Found, Imported, find_imports, find_imports_of_cell


class Follower:
    """Finds modules without executing them."""

    def __init__(self, installed: Installed, folder: str) -> None:
        self._installed = installed
        self._folder = folder
        # Where the cells search. Ours stays as it is: nothing of the user's may be loaded here.
        self._path = [folder, *sys.path[1:]]
        self._library = [os.path.realpath(path) for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}]
        self._places = [os.path.realpath(path) for path in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
        self._seen: set[str] = set()
        self.distributions: set[str] = set()
        # Files of the user's own that were followed.
        self.local: set[str] = set()
        self.missing: list[dict[str, Any]] = []
        self.dynamic: list[dict[str, Any]] = []
        self._written: dict[str, str] = {}

    def follow_cells(self, cells: list[dict[str, Any]]) -> None:
        """Cells in order: each may add to the search path or write a module."""
        found = [(cell, find_imports_of_cell(cell["source"])) for cell in cells]
        for _, imports in found:
            self._prepare(imports, self._folder)
        for cell, imports in found:
            self._follow(imports, {"cell": cell["id"]}, self._folder, "")

    def _prepare(self, found: Found, folder: str) -> None:
        for entry in found.folders:
            path = os.path.join(folder, os.path.expanduser(entry))
            if path not in self._path:
                self._path.append(path)
        for path, text in found.written.items():
            self._written[os.path.realpath(os.path.join(folder, path))] = text

    def _follow(self, found: Found, place: dict[str, Any], folder: str, package: str) -> None:
        """`place`: the cell or file that is told of what is missing. `package`: of a module that imports relatively."""
        self._prepare(found, folder)
        for line in found.dynamic:
            self.dynamic.append({**place, "line": line})
        for imported in found.modules:
            self._import(imported, place, package)
        for file in found.files:
            self._read(os.path.join(folder, os.path.expanduser(file)), "")

    def _import(self, imported: Imported, place: dict[str, Any], package: str) -> None:
        name = imported.name
        if imported.level:
            parents = package.split(".") if package else []
            base = parents[: len(parents) - imported.level + 1]
            name = ".".join([*base, name] if name else base)
        if not name or name in self._seen:
            return
        found = self._locate(name)
        if found is None:
            top = name.split(".")[0]
            if not imported.part and not self._writes(name):
                told = {"module": name if self._locate(top) else top, "line": imported.line, "guarded": imported.guarded}
                self.missing.append({**place, **told})
            return
        self._seen.add(name)

    def _writes(self, name: str) -> bool:
        """A module that some cell writes before it imports it."""
        relative = name.replace(".", os.sep)
        for entry in self._path:
            for file in (f"{relative}.py", os.path.join(relative, "__init__.py")):
                text = self._written.get(os.path.realpath(os.path.join(entry, file)))
                if text is not None and name not in self._seen:
                    self._seen.add(name)
                    self._follow(find_imports(text), {"file": file}, self._folder, name.rpartition(".")[0])
                if text is not None:
                    return True
        return False

    def _locate(self, name: str) -> Optional[Any]:
        """Finds a module and each package on the way to it; every one of them is taken note of. None when one is not there."""
        path: Any = self._path
        parts = name.split(".")
        spec: Any = None
        for place in range(len(parts)):
            full = ".".join(parts[: place + 1])
            if full == "__main__":
                return None
            spec = find(full, path, place == 0)
            if spec is None:
                return None
            whole = place == len(parts) - 1
            self._note(full, spec, whole)
            path = spec.submodule_search_locations
            if path is None and not whole:
                return None
        return spec

    def _note(self, name: str, spec: Any, whole: bool) -> None:
        origin = spec.origin if spec.has_location else None
        if origin is None:
            # A namespace package has no file: a name below it says whose it is.
            if whole and spec.submodule_search_locations is not None and spec.origin in (None, "namespace"):
                for folder in spec.submodule_search_locations:
                    self.distributions |= self._installed.below(folder)
            return
        if name in sys.builtin_module_names or self._is_library(origin):
            return
        owners = self._installed.owners_of(origin, name.split(".")[0])
        if owners:
            self.distributions |= owners
        elif origin.endswith(".py"):
            self._read(origin, name if spec.submodule_search_locations is not None else name.rpartition(".")[0])

    def _is_library(self, file: str) -> bool:
        real = os.path.realpath(file)
        if any(real.startswith(place + os.sep) for place in self._places):
            return False
        parts = real.split(os.sep)
        if "site-packages" in parts or "dist-packages" in parts:
            return False
        return any(real.startswith(place + os.sep) for place in self._library)

    def _read(self, file: str, package: str) -> None:
        real = os.path.realpath(file)
        if real in self.local:
            return
        self.local.add(real)
        try:
            with open(real, "rb") as stream:
                text = importlib.util.decode_source(stream.read())
        except (OSError, SyntaxError, UnicodeDecodeError):
            return
        shown = os.path.relpath(real, self._folder)
        self._follow(find_imports(text), {"file": shown}, self._folder, package)


def find(name: str, path: Any, first: bool) -> Any:
    """The specification of a module, as the finders of this interpreter give it; nothing is executed."""
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is None:
            continue
        spec = find_spec(name, None if first and finder is not importlib.machinery.PathFinder else path)
        if spec is not None:
            return spec
    return None
