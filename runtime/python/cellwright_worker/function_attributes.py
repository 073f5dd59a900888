"""Attributes that cells set on functions of libraries: such a function is stored by its name, and nobody looks at what it carries."""

from __future__ import annotations

import ast
import types
from collections.abc import Sequence
from typing import Any

from .interpreter import is_own

_SETTERS = frozenset({"setattr", "delattr"})


class FunctionAttributes:
    """What the texts of the cells set attributes of: chains of names such as `json.dumps`."""

    def __init__(self, cells: Sequence[ast.Module | None]) -> None:
        """`cells` are their trees (`cell_trees.py`)."""
        self._chains = {chain for tree in cells if tree is not None for chain in _chains_in(tree)}

    def of_libraries(self, variables: dict[str, Any]) -> str:
        """The first of them that is a function of a library, now that the variables are these; empty when none is."""
        for chain in sorted(self._chains):
            found = variables.get(chain[0])
            for name in chain[1:]:
                found = vars(found).get(name) if isinstance(found, (types.ModuleType, type)) else None
            if isinstance(found, types.FunctionType) and not is_own(found):
                return ".".join(chain)
        return ""


def _chains_in(tree: ast.Module) -> set[tuple[str, ...]]:
    nodes = list(ast.walk(tree))
    stored = [node.value for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    named = [node.args[0] for node in calls if isinstance(node.func, ast.Name) and node.func.id in _SETTERS]
    return {chain for node in (*stored, *named) if (chain := _chain(node)) is not None}


def _chain(node: ast.expr) -> tuple[str, ...] | None:
    """The names of `a.b.c`; None for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else None
