"""What a warm parent imports: what the cells before a task have imported, and what the task's cell imports before it does anything.

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
from collections.abc import Generator, Iterator
from typing import Any

from . import shell as shell_module
from .reached import reached
from .whence import acts_on_shell, library_folders

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
    with reached.aside():
        return os.path.realpath(origin).startswith(library_folders())


def would_load(statements: list[str], ahead: bool) -> bool:
    """True when running import statements could load a module; false only when it is certain that it would not."""
    modules = _ahead(statements) if ahead else _below(statements)
    return any(not _is_loaded(name, parts) for name, parts in modules)


def _is_loaded(name: str, parts: tuple[str, ...]) -> bool:
    module = sys.modules.get(name)
    return module is not None and all(part in vars(module) for part in parts)


def module_names(statements: list[str]) -> list[str]:
    """Every module that import statements may load by its own name, members that may be modules included."""
    modules = [module for statement in statements for module in _modules_of(_parsed(statement))]
    return [name for module, parts in modules for name in (*_packages(module), *(f"{module}.{part}" for part in parts))]


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def import_again(statements: list[str]) -> None:
    """Import what earlier cells have imported; what that showed, they have shown."""
    with shell_module.messages.muted():
        for name in _below(statements):
            _load(name)


def import_ahead(statements: list[str], without: list[str]) -> str | None:
    """Import what the next cell imports first, in its order, up to the first module that is not to be imported beforehand.

    Those are modules that act on the shell, those in `without`, and any that prints or warns while it is imported: that belongs to
    the cell. The name of such a one is returned, and then this process must not be used.
    """
    for name, parts in _ahead(statements):
        if name in without:
            return None
        said: list[dict[str, Any]] = []
        with shell_module.messages.sent_to(said.append):
            _load((name, parts))
        if said:
            return name
    return None


def _ahead(statements: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The installed modules that are imported before anything else happens. A module beside the notebook begins with imports, too."""
    for module in (module for statement in statements for module in _modules_of(_parsed(statement))):
        if not (yield from _ahead_of(module, [])):
            return


def _ahead_of(module: tuple[str, tuple[str, ...]], above: list[str]) -> Generator[tuple[str, tuple[str, ...]], None, bool]:
    """False when something else happens during the import."""
    name, _ = module
    if acts_on_shell(name) or name in above:
        return False
    if is_installed(name):
        yield module
        return True
    tree, package = _parse_local(name) if "." not in name else (None, "")
    for statement in [] if tree is None else tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            break
        for inner in _modules_of([statement], package):
            if not (yield from _ahead_of(inner, [*above, name])):
                return False
    return False


def _load(module: tuple[str, tuple[str, ...]]) -> None:
    name, parts = module
    with contextlib.suppress(BaseException):  # The cell that imports it will say so, or has said it.
        importlib.__import__(name, None, None, parts)


def _parsed(statement: str) -> list[ast.stmt]:
    return ast.parse(statement).body


def _modules_of(body: list[ast.stmt], package: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Module and the members that are imported from it, for each import outside of functions and classes."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from ((alias.name, ()) for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            module = _absolute(statement, package)
            if module:
                yield module, tuple(alias.name for alias in statement.names)
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.stmt):
                    yield from _modules_of([part], package)


def _below(statements: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The installed modules that statements import, and those that the other, local ones import when they are imported."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    queue = [module for statement in statements for module in _modules_of(_parsed(statement))]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while queue:
        module = queue.pop(0)
        if module in seen:
            continue
        seen.add(module)
        name, parts = module
        if acts_on_shell(name):
            continue
        if is_installed(name):
            found[module] = None
        elif len(seen) < _MOST_LOCAL_FILES:
            for local in (name, *(f"{name}.{part}" for part in parts if part != "*")):
                queue.extend(_imports_of_local(local))
    return list(found)


def _find(root: str) -> Any:
    try:
        # Only foresees what a process is going to import.
        with reached.aside():
            return importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return None


def _imports_of_local(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the file of a module beside the notebook imports outside of functions."""
    tree, package = _parse_local(name)
    if tree is not None:
        yield from _modules_of(tree.body, package)


def _parse_local(name: str) -> tuple[ast.Module | None, str]:
    """The file of a module beside the notebook, and the package that its relative imports start from."""
    file = _local_file(name)
    if file is None:
        return None, ""
    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return None, ""  # The cell that imports it will say so.
    return tree, name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]


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


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    """The module of a `from` import, of which a relative one is seen from its package."""
    module = statement.module or ""
    if statement.level == 0:
        return module
    parts = package.split(".") if package else []
    base = parts[: len(parts) - (statement.level - 1)]
    return ".".join([*base, module] if module else base)
