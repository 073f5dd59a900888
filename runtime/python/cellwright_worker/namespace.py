"""The namespace a cell runs in: an exact dict whose missing names are asked for through `__builtins__`.

CPython looks a global up in the module's dict and then in `__builtins__`. The module's dict must be an exact dict (compiled
code writes to it directly), but `__builtins__` may be a subclass, and then `__missing__` is called for a name that neither
has. That call is the observation of a read.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any, Callable

Fault = Callable[[str], bool]


class FaultingBuiltins(dict[str, Any]):
    """Builtins that ask `fault(name)` for a name nobody has; the fault puts a value into the namespace or says no."""

    def __init__(self, namespace: dict[str, Any], fault: Fault, imported: Callable[[], None]) -> None:
        """`imported` is called after each `import` statement of the notebook that loaded new modules."""
        super().__init__(vars(builtins))
        self._namespace = namespace
        self._fault = fault
        self._imported = imported
        self["__import__"] = self._import

    def shadow(self, names: list[str]) -> None:
        """Let the notebook's own variables of these names be asked for before the builtins."""
        for name in names:
            self.pop(name, None)

    def _import(self, *arguments: Any, **keywords: Any) -> Any:
        before = len(sys.modules)
        module = builtins.__import__(*arguments, **keywords)
        if len(sys.modules) != before:
            self._imported()
        return module

    def __missing__(self, name: str) -> Any:
        if isinstance(name, str) and self._fault(name):
            return self._namespace[name]
        return vars(builtins)[name]
