"""Lets Python import what a notebook defines: `import notebook_import`, then `from features import clean` for features.ipynb.

Of the notebook only this is executed, in its order: imports, functions, classes, and constants, which are names bound to literals.
No other cell runs, so importing reads no data and trains no model. A name is left out when a cell binds it in another way as well,
since then it is not known what it would be. Asking for it says which cell makes it.

This file needs Python 3.9 and nothing else. It may be copied beside notebooks, or to a folder where modules are installed.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import json
import linecache
import os
import re
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any, Optional

__all__ = ["NotebookFinder", "NotebookLoader"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
# Cell magics whose body is ordinary Python.
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
_ESCAPE = re.compile(r"\s*[%!?,;/]|.*(?<!\?)\?{1,2}\s*$")
_ADDING = ("append", "extend", "insert", "add", "update", "setdefault")
_TAKING = ("remove", "pop", "popitem", "clear", "discard", "sort", "reverse")
_CHANGING = frozenset({*_ADDING, *_TAKING})


class _Cell:
    """A code cell: its number among those that are executed, and what of it is Python."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.body: list[ast.stmt] = []
        try:
            self.body = ast.parse(text).body
        except SyntaxError:
            # Only a cell that is not Python can have lines of IPython's own.
            self.text = "\n".join(map(_plain, _without_cell_magic(text).split("\n")))
            self.body = ast.parse(self.text).body


def _plain(line: str) -> str:
    """A line without IPython's own syntax, which binds what it did to something that is no constant."""
    assigned = re.match(r"(\s*[\w., ]+=)\s*[%!](?!=)", line)
    if assigned is not None:
        return f"{assigned.group(1)} None.made"
    return re.sub(r"\S.*", "pass", line) if _ESCAPE.match(line) else line


def _without_cell_magic(text: str) -> str:
    found = re.match(r"\s*%%(\w+)[^\n]*", text)
    if found is None:
        return text
    return "\n" * found.group().count("\n") + text[found.end() :] if found.group(1) in _PYTHON_MAGICS else ""


def _read_cells(path: str) -> list[_Cell]:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    cells: list[_Cell] = []
    for cell in document["cells"]:
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        if cell["cell_type"] == "code" and text.strip() and "skip" not in cell.get("metadata", {}).get("tags", []):
            try:
                cells.append(_Cell(len(cells) + 1, text))
            except SyntaxError as error:
                raise ImportError(f"cell [{len(cells) + 1}] of {path} is not valid Python: {error.msg}", path=path) from error
    return cells


def _is_literal(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)  # type: ignore[arg-type]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _constants(statement: ast.stmt) -> list[str]:
    """Names that a statement binds to literals; none when it does anything else."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets: list[ast.expr] = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        return []
    if statement.value is None or not _is_literal(statement.value):
        return []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else []


def _imported(statement: ast.stmt) -> list[str]:
    if not isinstance(statement, _IMPORTS):
        return []
    return [alias.asname or alias.name.split(".")[0] for alias in statement.names]


def _is_executed(statement: ast.stmt) -> bool:
    return isinstance(statement, (*_DEFINITIONS, *_IMPORTS)) or bool(_constants(statement))


def _bound(statement: ast.stmt) -> set[str]:
    """Names that a statement binds, or changes in place where that shows."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name} | {name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names}
    found: set[str] = set()
    for node in _outside_functions(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, _DEFINITIONS):
            found |= _bound(node)
        elif isinstance(node, _IMPORTS):
            found.update(_imported(node))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Name):
            changes = isinstance(node.ctx, (ast.Store, ast.Del)) or (isinstance(node, ast.Attribute) and node.attr in _CHANGING)
            if changes:
                found.add(node.value.id)
    return found


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            yield child
        elif not isinstance(child, ast.Lambda):
            yield from _outside_functions(child)


class NotebookLoader(importlib.abc.Loader):
    """Makes a module of a notebook's definitions and constants."""

    def __init__(self, path: str) -> None:
        """`path` is the notebook."""
        self.path = path

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Optional[types.ModuleType]:
        """The usual kind of module."""
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        """Execute what defines something, and nothing else."""
        cells = _read_cells(self.path)
        made_elsewhere = self._made_by_cells(cells)
        namespace = vars(module)
        namespace["__file__"] = self.path
        for cell in cells:
            kept = [statement for statement in cell.body if _is_executed(statement) and not self._is_left_out(statement, made_elsewhere)]
            self._execute(module.__name__, cell, kept, namespace)
        namespace["__getattr__"] = self._explain(module.__name__, made_elsewhere)

    def _made_by_cells(self, cells: Sequence[_Cell]) -> dict[str, int]:
        """Names that a cell binds in a way that importing does not execute: the number of the last such cell."""
        found: dict[str, int] = {}
        for cell in cells:
            for statement in cell.body:
                names = _bound(statement)
                if _is_executed(statement):
                    # A function that declares a name global may bind it when it is called.
                    names -= {getattr(statement, "name", ""), *_constants(statement), *_imported(statement)}
                found.update(dict.fromkeys(names, cell.number))
        return found

    def _is_left_out(self, statement: ast.stmt, made_elsewhere: dict[str, int]) -> bool:
        names = {getattr(statement, "name", ""), *_constants(statement), *_imported(statement)} - {""}
        return bool(names) and names <= made_elsewhere.keys()

    def _execute(self, module: str, cell: _Cell, kept: Sequence[ast.stmt], namespace: dict[str, Any]) -> None:
        name = f"<{os.path.basename(self.path)}, In [{cell.number}]>"
        linecache.cache[name] = (len(cell.text), None, cell.text.splitlines(keepends=True), name)
        for statement in kept:
            code = compile(ast.Module([statement], []), name, "exec", dont_inherit=True)
            try:
                exec(code, namespace)
            except NameError as error:
                what = getattr(statement, "name", "an import")
                message = f"{what} of {self.path}, cell [{cell.number}], needs when it is defined what importing does not make: {error}"
                raise ImportError(message, name=module, path=self.path) from error

    def _explain(self, module: str, made_elsewhere: dict[str, int]) -> Any:
        path = self.path

        def __getattr__(name: str) -> Any:
            if name in made_elsewhere:
                message = f"{name} is made by cell [{made_elsewhere[name]}] of {path}, which importing the notebook does not run"
                raise ImportError(message, name=module, path=path)
            raise AttributeError(f"module {module!r} has no attribute {name!r}")

        return __getattr__


class NotebookFinder(importlib.abc.MetaPathFinder):
    """Finds NAME.ipynb where modules are looked for; a module of the same name goes before it."""

    def find_spec(self, fullname: str, path: Optional[Sequence[str]], target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        """The notebook of that name, in the folders of a package or of `sys.path`."""
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            file = os.path.join(folder or os.getcwd(), f"{name}.ipynb")
            if os.path.isfile(file):
                return importlib.machinery.ModuleSpec(fullname, NotebookLoader(file), origin=file)
        return None


if not any(type(finder).__name__ == "NotebookFinder" for finder in sys.meta_path):
    sys.meta_path.append(NotebookFinder())
