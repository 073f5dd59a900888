"""The cells of a notebook, read; and what is found of them."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .scopes import Names, names_of

BUILTINS = frozenset(vars(builtins))
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class Problem:
    """Why a cell cannot be a function."""

    cell: str
    # From 0.
    line: int
    message: str
    help: str


@dataclass
class Cell:
    """A cell that Jupyter executes, as plain Python."""

    id: str
    number: int
    function: str
    python: str
    above: str
    notes: list[str]
    # Variables that it reads or changes in place, functions that it calls included, as the compiler says.
    reads: set[str]
    changes: set[str]
    deletes: set[str]
    # It changes what imports depend on: variables of the environment, the search path, the folder.
    unsettles: bool
    body: list[ast.stmt] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    invalid: Optional[Problem] = None

    @property
    def lines(self) -> list[str]:
        """Of its text."""
        return self.python.split("\n")


@dataclass
class Imported:
    """A name that an import statement binds."""

    module: str
    member: Optional[str]
    name: str

    @property
    def statement(self) -> str:
        """The statement that binds this name alone."""
        if self.member is None:
            bare = self.name == self.module.split(".")[0]
            return f"import {self.module}" if bare else f"import {self.module} as {self.name}"
        return f"from {self.module} import {self.member}" + ("" if self.member == self.name else f" as {self.name}")


def imports_in(statement: ast.stmt) -> list[Imported]:
    """What an import statement binds; nothing for another statement, a star, or `__future__`."""
    if isinstance(statement, ast.Import):
        return [Imported(alias.name, None, alias.asname or alias.name.split(".")[0]) for alias in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.module != "__future__" and statement.names[0].name != "*":
        module = "." * statement.level + (statement.module or "")
        return [Imported(module, alias.name, alias.asname or alias.name) for alias in statement.names]
    return []


def is_star(statement: ast.AST) -> bool:
    """True for `from module import *`."""
    return isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"


def is_future(statement: ast.AST) -> bool:
    """True for `from __future__ import …`."""
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def read_cell(given: dict[str, Any]) -> Cell:
    """A cell of the request."""
    cell = Cell(
        id=given["id"],
        number=given["number"],
        function=given["function"],
        python=given["python"],
        above=given["above"],
        notes=list(given["notes"]),
        reads=set(given["reads"]),
        changes=set(given["changes"]),
        deletes=set(given["deletes"]),
        unsettles=given["unsettles"],
    )
    try:
        cell.body = ast.parse(cell.python).body
    except SyntaxError as error:
        cell.invalid = Problem(cell.id, (error.lineno or 1) - 1, f"it is not valid Python ({error.msg})", "Mend the syntax.")
    cell.names = names_of(cell.body)
    return cell
