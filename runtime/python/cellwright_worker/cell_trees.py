"""The syntax trees of cells, for all who look for something in their texts: each text is parsed once."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def trees_of(cells: Sequence[str]) -> list[ast.Module | None]:
    """A tree for each text of Python; None for one that is not valid."""
    return [_parse(text) for text in cells]


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
