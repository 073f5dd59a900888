"""Gives the worker's modules builtins of their own: what a notebook puts in the place of `open` or `print` is not called by them."""

from __future__ import annotations

import builtins
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any, Optional

_PACKAGE = __name__.partition(".")[0]
_builtins = dict(vars(builtins))


class _Loader(SourceFileLoader):
    """Runs a module in a namespace that has its builtins already."""

    def exec_module(self, module: ModuleType) -> None:
        """As usual otherwise."""
        vars(module)["__builtins__"] = _builtins
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules of the worker."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        """As usual, with the loader above."""
        if name.partition(".")[0] != _PACKAGE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.origin, str):
            spec.loader = _Loader(name, spec.origin)
        return spec


def install() -> None:
    """For the modules that are imported from now on."""
    sys.meta_path.insert(0, _Finder())
