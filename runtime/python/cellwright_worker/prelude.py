"""The modules that a notebook's cells are going to import, imported before any of them runs.

Only installed modules are imported. A module beside the notebook is the user's code: it is parsed, never run, for the installed
modules that it imports itself.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from typing import Any

from . import shell as shell_module
from .whence import acts_on_shell

_MOST_LOCAL_FILES = 200


def is_installed(name: str) -> bool:
    """True for a module of the standard library or of an installed package, not for one beside the notebook."""
    root = name.partition(".")[0]
    if root in sys.builtin_module_names:
        return True
    spec = _find(root)
    if spec is None:
        return False
    origin = spec.origin or next(iter(spec.submodule_search_locations or []), "")
    if origin in ("built-in", "frozen"):
        return True
    roots = (os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix))
    inside = os.path.realpath(origin).startswith(tuple(root + os.sep for root in roots))
    return inside or "site-packages" in origin or "dist-packages" in origin


def import_prelude(names: list[str], without: list[str]) -> tuple[list[str], list[str]]:
    """Import the prelude `without` some; gives the imported names and those that printed or warned while they were imported."""
    done: list[str] = []
    noisy: list[str] = []
    for name in _installed_below(names):
        if name in without or acts_on_shell(name):
            continue
        said: list[dict[str, Any]] = []
        shell_module.messages.emit = said.append
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
            done.append(name)
        shell_module.messages.flush()
        if said:
            noisy.append(name)
    shell_module.messages.emit = lambda message: None
    return done, noisy


def _installed_below(names: list[str]) -> list[str]:
    """The installed modules among `names`, and those that the other, local ones import when they are imported."""
    found: dict[str, None] = {}
    queue = list(names)
    seen: set[str] = set()
    while queue:
        name = queue.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if is_installed(name):
            found[name] = None
        elif len(seen) < _MOST_LOCAL_FILES:
            queue.extend(_imports_of_local(name))
    return list(found)


def _find(root: str) -> Any:
    try:
        return importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return None


def _imports_of_local(name: str) -> Iterator[str]:
    """What the file of a module beside the notebook imports outside of functions."""
    file = _local_file(name)
    if file is None:
        return
    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return  # The cell that imports it will say so.
    package = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
    yield from _imports(tree.body, package)


def _local_file(name: str) -> str | None:
    """The source file of a module, found without running its package."""
    root, *rest = name.split(".")
    spec = _find(root)
    if spec is None:
        return None
    if not rest:
        return spec.origin if spec.origin is not None and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or []:
        for tail in (os.path.join(*rest) + ".py", os.path.join(*rest, "__init__.py")):
            if os.path.isfile(os.path.join(folder, tail)):
                return os.path.join(folder, tail)
    return None


def _imports(body: list[ast.stmt], package: str) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from _imported_from(statement, package)
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.stmt):
                    yield from _imports([part], package)


def _imported_from(statement: ast.ImportFrom, package: str) -> Iterator[str]:
    """The module, and its members where they may be modules of a local package."""
    module = statement.module or ""
    if statement.level > 0:
        parts = package.split(".") if package else []
        base = parts[: len(parts) - (statement.level - 1)]
        module = ".".join([*base, module] if module else base)
    if not module:
        return
    yield module
    if not is_installed(module):
        yield from (f"{module}.{alias.name}" for alias in statement.names if alias.name != "*")
