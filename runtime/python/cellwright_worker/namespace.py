"""The namespace a cell runs in: an exact dict whose missing names are asked for through `__builtins__`.

CPython looks a global up in the module's dict and then in `__builtins__`. The module's dict must be an exact dict (compiled
code writes to it directly), but `__builtins__` may be a subclass, and then `__missing__` is called for a name that neither
has. That call is the observation of a read.
"""

from __future__ import annotations

import builtins
import importlib._bootstrap as bootstrap
import sys
from types import FrameType
from typing import Any, Callable, Optional

Fault = Callable[[str], bool]


class FaultingBuiltins(dict[str, Any]):
    """Builtins that ask `fault(name)` for a name nobody has; the fault puts a value into the namespace or says no."""

    def __init__(self, namespace: dict[str, Any], fault: Fault) -> None:
        """Starts as a copy of the real builtins."""
        super().__init__(vars(builtins))
        self._namespace = namespace
        self._fault = fault

    def shadow(self, names: list[str]) -> None:
        """Let the notebook's own variables of these names be asked for before the builtins."""
        for name in names:
            self.pop(name, None)

    def __missing__(self, name: str) -> Any:
        if isinstance(name, str) and self._fault(name):
            return self._namespace[name]
        return vars(builtins)[name]


_LOADING = """
def _load_unlocked(spec):
    module = load(spec)
    loaded()
    return module
"""


def watch_imports(namespace: dict[str, Any], imported: Callable[[object], None]) -> None:
    """Call `imported` whenever an import statement of the notebook has loaded a module; equal arguments are one statement.

    The hook is a function of the import system by its file name, so that no traceback shows it.
    """

    def loaded() -> None:
        frame: Optional[FrameType] = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if frame is not None and frame.f_globals is namespace:
            imported((id(frame), frame.f_lasti))

    parts: dict[str, Any] = {"load": vars(bootstrap)["_load_unlocked"], "loaded": loaded}
    exec(compile(_LOADING, "<frozen importlib._bootstrap>", "exec"), parts)
    vars(bootstrap)["_load_unlocked"] = parts["_load_unlocked"]
