"""Types of variables, as a run observed them."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Plan

_PLAIN = frozenset(["int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset", "complex"])


class Annotations:
    """Types by cell and name: module and name of the class."""

    def __init__(self, observed: dict[str, dict[str, dict[str, list[str]]]]) -> None:
        """`observed` has, for a cell's id, `inputs` and `outputs`: name → [module, class]."""
        self._observed = observed
        self._wanted: dict[str, str] = {}
        self._plan: Plan | None = None

    def know(self, plan: Plan) -> None:
        """The imports of the notebook are used where there are any."""
        self._plan = plan

    def of(self, cell: str, side: str, name: str) -> str:
        """`: type`, or nothing when it is not known."""
        text = self._text(cell, side, name)
        return "" if text is None else f": {text}"

    def result(self, cell: str, names: list[str]) -> str:
        """` -> type` of what a function returns; nothing when some of it is not known."""
        if not names:
            return " -> None"
        texts = [self._text(cell, "outputs", name) for name in names]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts):
            return ""
        return f" -> {known[0]}" if len(known) == 1 else f" -> tuple[{', '.join(known)}]"

    def _text(self, cell: str, side: str, name: str) -> str | None:
        found = self._observed.get(cell, {}).get(side, {}).get(name)
        if found is None or self._plan is None:
            return None
        module, kind = found
        plan = self._plan
        if module == "builtins":
            if kind == "NoneType":
                return "None"
            return kind if kind in _PLAIN and hasattr(builtins, kind) and kind not in plan.binders else None
        if module == "__main__":
            return kind if kind in plan.moved else None
        for known, imports in plan.hoisted.items():
            for imported in imports:
                if imported.member == kind and imported.module == module:
                    return known
                if imported.member is None and imported.module == module and (known == module or known != module.split(".")[0]):
                    return f"{known}.{kind}"
        self._wanted[module.split(".")[0]] = module
        return f'"{module}.{kind}"' if module.split(".")[0] not in plan.binders else None

    def imports(self, plan: Plan, used: set[str]) -> list[str]:
        """Statements for the type checker alone."""
        modules = {module for first, module in self._wanted.items() if first not in plan.binders}
        return [f"import {module}" for module in sorted(modules)]
