"""Identities that a cell asked for and kept: in another process the same object has another one."""

from __future__ import annotations

from typing import Any

_MOST_ITEMS = 10_000


class Identities:
    """A function to put in the place of `id`, and what it has answered."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self._told: set[int] = set()
        real, told = id, self._told

        def identity(obj: Any, /) -> int:
            answer = real(obj)
            told.add(answer)
            return answer

        identity.__name__ = identity.__qualname__ = "id"
        identity.__module__, identity.__doc__ = "builtins", id.__doc__
        self.function = identity

    def kept_by(self, variables: dict[str, Any]) -> str:
        """The name of a variable that is, or plainly holds, an identity; empty when there is none."""
        return next((name for name, value in variables.items() if self._in(value)), "") if self._told else ""

    def _in(self, value: Any) -> bool:
        kind = type(value)
        if kind is int:
            return value in self._told
        if kind not in (dict, list, tuple, set, frozenset) or len(value) > _MOST_ITEMS:
            return False
        items = [*value.keys(), *value.values()] if kind is dict else value
        return any(type(item) is int and item in self._told for item in items)
