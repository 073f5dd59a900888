"""Changes that a notebook makes inside the standard library: a function put in the place of another, a class or table of its own added.

Modules of the standard library change by themselves all the time, so only what nobody but the notebook does is noticed: another
thing where a function or class was, and anything that the notebook defined. Such a change keeps its process.
"""

from __future__ import annotations

import types
from typing import Any

from .interpreter import is_own

# The shell's own modules, this program's, and what the shell puts in place around each cell.
_SHELL = frozenset(
    {
        "IPython", "ipykernel", "cellwright_worker", "traitlets", "zmq", "jupyter_client", "jupyter_core", "prompt_toolkit", "debugpy",
        "pygments", "tornado", "_frozen_importlib", "_frozen_importlib_external", "importlib", "atexit", "linecache", "comm", "jedi",
        "parso",
    }
)  # fmt: skip
_ROUTINES = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_BUILTINS = frozenset({"get_ipython", "display", "exit", "quit", "input", "_"})
_MISSING = object()


def guarded(name: str) -> bool:
    """True for modules that are looked at in this way when they are not looked at in full."""
    return name.partition(".")[0] not in _SHELL and name not in ("__main__", "__mp_main__", "sys")


def reason(module: str, watch: Any) -> str:
    """What was changed, for a message; empty when it was nothing that only a notebook does."""
    table = watch.table
    if not isinstance(table, dict):
        own = any(map(is_own, table)) and not all(any(item is before for before in watch.held) for item in table if is_own(item))
        return f"{module}.{watch.attribute}" if own else ""
    where = ".".join(part for part in (module, watch.attribute) if part)
    for key, value in list(table.items()):
        before = watch.held.get(key, _MISSING)
        if value is not before and not (module == "builtins" and key in _BUILTINS):
            if is_own(value) or is_own(key) or (module == "builtins" and watch.kind == "global"):
                return f"{where}.{key}"
            if watch.kind in ("global", "class") and isinstance(before, _ROUTINES) and not _bookkeeping(key):
                return f"{where}.{key}"
    if watch.kind in ("global", "class"):
        for key, before in watch.held.items():
            if key not in table and isinstance(before, _ROUTINES) and not (module == "builtins" and key in _BUILTINS):
                return f"{where}.{key}"
    return ""


def _bookkeeping(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("__") and key.endswith("__")
