"""Which names a piece of a cell binds and reads, as Python's own symbol tables say."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

_AT_ONCE = frozenset({"listcomp", "setcomp", "dictcomp"})
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ENDS = (ast.Raise, ast.Return, ast.Continue, ast.Break)


@dataclass
class Names:
    """What some statements of a cell do with the notebook's names."""

    bound: set[str] = field(default_factory=set)
    # Read when the statements run.
    read: set[str] = field(default_factory=set)
    # Read by functions, lambdas and generators, whenever those run.
    deferred: set[str] = field(default_factory=set)
    # Bound by functions that declare them `global`.
    written: set[str] = field(default_factory=set)

    @property
    def used(self) -> set[str]:
        """Read at any time."""
        return self.read | self.deferred


class _WithoutWaiting(ast.NodeTransformer):
    """Symbol tables refuse `await` outside of functions, which notebooks have."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Await(self, node: ast.Await) -> Any:
        return self.visit(node.value)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        self.generic_visit(node)
        return ast.For(**dict(ast.iter_fields(node)))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        self.generic_visit(node)
        return ast.With(**dict(ast.iter_fields(node)))

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        return ast.comprehension(node.target, node.iter, node.ifs, 0)


def names_of(statements: Sequence[ast.stmt]) -> Names:
    """The names of statements that stand in a cell, outside of any function."""
    copy = ast.parse(ast.unparse(ast.Module(list(statements), [])))
    text = ast.unparse(ast.fix_missing_locations(_WithoutWaiting().visit(copy)))
    table = symtable.symtable(text, "cell", "exec")
    found = Names()
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            found.bound.add(symbol.get_name())
        if symbol.is_referenced():
            found.read.add(symbol.get_name())
    for child in table.get_children():
        _collect(child, found, False)
    found.bound -= {"*"}
    return found


def _collect(table: symtable.SymbolTable, found: Names, deferred: bool) -> None:
    later = deferred or (table.get_type() == "function" and table.get_name() not in _AT_ONCE)
    for symbol in table.get_symbols():
        if not symbol.is_global():
            continue
        name = symbol.get_name()
        if symbol.is_referenced():
            (found.deferred if later else found.read).add(name)
        if symbol.is_assigned() or symbol.is_imported():
            (found.written if later else found.bound).add(name)
    for child in table.get_children():
        _collect(child, found, later)


def bound_for_certain(statements: Sequence[ast.stmt]) -> set[str]:
    """Names that the statements bind on every way through them."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.Delete):
            found -= {target.id for target in statement.targets if isinstance(target, ast.Name)}
        elif isinstance(statement, ast.If):
            ways = [way for way in (statement.body, statement.orelse) if not (way and isinstance(way[-1], _ENDS))]
            found |= _on_all(ways)
        elif isinstance(statement, ast.Try):
            ways = [[*statement.body, *statement.orelse], *(handler.body for handler in statement.handlers)]
            found |= _on_all([way for way in ways if not (way and isinstance(way[-1], _ENDS))])
            found |= bound_for_certain(statement.finalbody)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            heads = [item.optional_vars for item in statement.items if item.optional_vars is not None]
            found |= {node.id for head in heads for node in ast.walk(head) if isinstance(node, ast.Name)}
            found |= bound_for_certain(statement.body)
        elif not isinstance(statement, (ast.For, ast.AsyncFor, ast.While)) and type(statement).__name__ != "Match":
            found |= names_of([statement]).bound
    return found


def _on_all(ways: Sequence[Sequence[ast.stmt]]) -> set[str]:
    sets = [bound_for_certain(way) for way in ways]
    return set.intersection(*sets) if sets else set()


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that run with it: bodies of functions are left out."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield from outside_functions(child)


def waits(statements: Sequence[ast.stmt]) -> bool:
    """True when a function that holds them has to be `async`."""
    kinds = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    nodes = [node for statement in statements if not isinstance(statement, FUNCTIONS) for node in outside_functions(statement)]
    return any(isinstance(node, kinds) or (isinstance(node, ast.comprehension) and node.is_async) for node in nodes)
