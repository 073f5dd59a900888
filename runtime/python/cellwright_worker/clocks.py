"""Cells that measure the time since another cell: what the cells between them took is part of the result.

`started = time.time()` in one cell and `time.time() - started` in another are right only where every cell in between runs, one after
the other. In which order tasks run, and which come from the cache, shows there.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

_CLOCKS = frozenset(
    {
        "time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "process_time_ns",
        "default_timer", "timer", "now", "utcnow", "today",
    }
)  # fmt: skip


class Clocks:
    """Where a notebook keeps the time, and where it looks at it again."""

    def __init__(self, cells: Sequence[ast.Module | None]) -> None:
        """`cells` are their trees (`cell_trees.py`)."""
        # Name → the cells that set it to the time.
        self._kept: dict[str, set[int]] = {}
        trees = [(place, tree) for place, tree in enumerate(cells) if tree is not None]
        for place, tree in trees:
            for name in _kept_in(tree):
                self._kept.setdefault(name, set()).add(place)
        self.measured = next(filter(None, (self._measured_in(place, tree) for place, tree in trees)), "") if self._kept else ""
        """A name with the time of one cell that another cell compares with a later time; empty when there is none."""

    def _measured_in(self, place: int, tree: ast.Module) -> str:
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        own = _kept_in(tree)
        others = sorted(name for name in names if name in self._kept and name not in own)
        looks_again = any(_is_clock(node) for node in ast.walk(tree))
        return others[0] if len(others) > (0 if looks_again else 1) else ""


def _kept_in(tree: ast.Module) -> set[str]:
    """Names that statements at the top of a cell set to the time."""
    statements = [statement for statement in tree.body if isinstance(statement, ast.Assign) and _is_clock(statement.value)]
    return {target.id for statement in statements for target in statement.targets if isinstance(target, ast.Name)}


def _is_clock(node: ast.AST) -> bool:
    """True for a call of a clock by one of its usual names, without arguments."""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in _CLOCKS
