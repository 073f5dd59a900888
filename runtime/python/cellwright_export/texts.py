"""The text of a cell as the body of a function."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from typing import Optional

from .cells import Cell
from .plan import Plan
from .scopes import names_of

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef)


class Unwritable(Exception):
    """A statement that no text can be put behind."""

    def __init__(self, node: ast.AST, message: str, help: str) -> None:
        super().__init__(message)
        self.node, self.help = node, help


def first_line(statement: ast.stmt) -> int:
    """The number of its first line, decorators included."""
    return min([statement.lineno, *(mark.lineno for mark in getattr(statement, "decorator_list", ()))])


def last_line(statement: ast.stmt) -> int:
    """The number of its last line."""
    return statement.end_lineno or statement.lineno


def lines_in_strings(text: str) -> set[int]:
    """Numbers of the lines that begin inside of a string; those keep their indentation."""
    found: set[int] = set()
    start_of_f: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text + "\n").readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            found.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind.endswith("STRING_START"):
            start_of_f.append(token.start[0])
        elif kind.endswith("STRING_END"):
            found.update(range(start_of_f.pop() + 1, token.end[0] + 1))
    return found


def own_lines(cell: Cell, statement: ast.stmt) -> Optional[range]:
    """The lines that only this statement has, with comments right above it; None when another statement shares one."""
    first, last = first_line(statement), last_line(statement)
    for other in cell.body:
        if other is not statement and first_line(other) <= last and last_line(other) >= first:
            return None
    while first > 1 and cell.lines[first - 2].startswith("#") and first - 1 not in lines_in_strings(cell.python):
        first -= 1
    return range(first, last + 1)


def definition_text(cell: Cell, definition: ast.stmt) -> str:
    """A definition as the cell has it."""
    lines = own_lines(cell, definition)
    if lines is None:
        return ast.unparse(definition)
    return "\n".join(cell.lines[lines.start - 1 : lines.stop - 1])


def body_lines(plan: Plan, cell: Cell) -> tuple[list[str], list[ast.stmt]]:
    """The lines of the function's body, and the statements that they hold."""
    inside = lines_in_strings(cell.python)
    gone: set[int] = set()
    kept: list[ast.stmt] = []
    for statement in cell.body:
        lines = own_lines(cell, statement) if plan.is_taken_out(statement) else None
        if lines is not None:
            gone.update(lines)
        elif plan.is_taken_out(statement) and not isinstance(statement, (ast.Import, ast.ImportFrom)):
            raise Unwritable(statement, "a definition that shares its line with another statement", "Give it a line of its own.")
        else:
            kept.append(statement)
    behind = _shared_behind(plan, cell, kept)
    found: list[str] = []
    for number, line in enumerate(cell.lines, 1):
        if number not in gone:
            found.append(line if line.strip() == "" or number in inside else "    " + line)
            found += behind.get(number, ())
    return trimmed(found), kept


def trimmed(lines: list[str]) -> list[str]:
    """Without blank lines at the ends, and never more than two in a row."""
    found: list[str] = []
    for line in lines:
        if line.strip() != "" or (found and found[-2:] != ["", ""]):
            found.append(line.rstrip() if line.strip() == "" else line)
    while found and found[-1] == "":
        found.pop()
    return found


def _shared_behind(plan: Plan, cell: Cell, kept: Sequence[ast.stmt]) -> dict[int, list[str]]:
    """Lines that give functions the new value of a variable that they read, by the number of the line they follow."""
    found: dict[int, list[str]] = {}
    for statement in kept:
        for at, indent, name in _bindings(plan, cell, statement):
            found.setdefault(at, []).append(f"    {indent}{plan.alias}.{name} = {name}")
    return found


def _bindings(plan: Plan, cell: Cell, statement: ast.stmt) -> Iterator[tuple[int, str, str]]:
    names = names_of([statement])
    bound = sorted(names.bound & plan.shared)
    if not bound:
        return
    line = cell.lines[first_line(statement) - 1]
    indent = line[: len(line) - len(line.lstrip())]
    simple = isinstance(statement, _SIMPLE)
    if simple or not _may_call(plan, statement):
        if _is_alone(cell, statement):
            yield from ((last_line(statement), indent, name) for name in bound)
            return
    elif isinstance(statement, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try)):
        heads = _bound_by_head(statement) & plan.shared
        if not heads:
            for part in _blocks(statement):
                for inner in part:
                    yield from _bindings(plan, cell, inner)
            return
    help = f"Bind {bound[0]} in a statement of its own, or give it to the function as an argument."
    raise Unwritable(statement, f"it binds {bound[0]}, which a function reads, and goes on in one statement", help)


def _may_call(plan: Plan, statement: ast.stmt) -> bool:
    """True when something of the notebook could be called within."""
    used = names_of([statement]).used
    return any(name in plan.moved or plan.is_variable(name) for name in used)


def _is_alone(cell: Cell, statement: ast.stmt) -> bool:
    if any(part is statement for part in cell.body) and own_lines(cell, statement) is None:
        return False
    text = cell.lines[first_line(statement) - 1]
    after = cell.lines[last_line(statement) - 1].encode()[statement.end_col_offset or 0 :].decode().strip()
    before = text.encode()[: statement.col_offset].decode().strip() if first_line(statement) == statement.lineno else ""
    return before == "" and (after == "" or after.startswith("#"))


def _bound_by_head(statement: ast.stmt) -> set[str]:
    copy = ast.parse(ast.unparse(statement)).body[0]
    for name in ("body", "orelse", "finalbody"):
        if getattr(copy, name, None):
            setattr(copy, name, [ast.Pass()])
    for handler in getattr(copy, "handlers", ()):
        handler.body = [ast.Pass()]
    return names_of([copy]).bound


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, None) or []
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def is_faithful(text: str, kept: Sequence[ast.stmt], alias: str) -> bool:
    """True when the function's body is what the cell says, but for what was put in for functions that read variables."""
    function = ast.parse(text).body[0]
    plain = _Plain(alias)
    body = [plain.visit(statement) for statement in getattr(function, "body", [])[1:]]
    own = [statement for statement in body if statement is not None and not _is_added(statement)]
    return [ast.dump(statement) for statement in own] == [ast.dump(statement) for statement in kept]


def _is_added(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return True
    return (
        isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) == "__name__"
        and ast.unparse(statement.value) == "'__main__'"
    )


class _Plain(ast.NodeTransformer):
    """Without what was put in."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def visit_Assign(self, node: ast.Assign) -> Optional[ast.AST]:
        target = node.targets[0]
        added = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == self._alias
        return None if added else node
