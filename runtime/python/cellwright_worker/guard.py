"""Changes that a notebook makes inside the standard library: a function put in the place of another, a class or table of its own added.

Modules of the standard library change by themselves all the time, so only what nobody but the notebook does is noticed: another
thing where a function or class was, anything that the notebook defined, and an attribute or an entry of a table whose name the
notebook's text has. Such a change keeps its process.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Callable

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


def reason(module: str, watch: Any, mentions: Callable[[str], bool]) -> str:
    """What was changed, for a message; empty when it was nothing that only a notebook does. `mentions` looks into its text."""
    table = watch.table
    if not isinstance(table, dict):
        fresh = [item for item in table if not any(item is before for before in watch.held)]
        is_table = _is_standard(module)
        return f"{module}.{watch.attribute}" if any(is_own(item) or (is_table and _is_mentioned(item, mentions)) for item in fresh) else ""
    where = ".".join(part for part in (module, watch.attribute) if part)
    for key, value in list(table.items()):
        before = watch.held.get(key, _MISSING)
        if value is not before and not (module == "builtins" and key in _BUILTINS):
            if is_own(value) or is_own(key) or (module == "builtins" and watch.kind == "global"):
                return f"{where}.{key}"
            if watch.kind in ("global", "class") and isinstance(before, _ROUTINES) and not _bookkeeping(key):
                return f"{where}.{key}"
            if _is_set(module, watch, before) and _is_mentioned(key, mentions):
                return f"{where}.{key}"
            if watch.kind == "inner" and _is_quoted(key, where, mentions):
                return f"{where}.{key}"
    if watch.kind in ("global", "class"):
        for key, before in watch.held.items():
            if key not in table and isinstance(before, _ROUTINES) and not (module == "builtins" and key in _BUILTINS):
                return f"{where}.{key}"
    return ""


def _bookkeeping(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("__") and key.endswith("__")


def _is_set(module: str, watch: Any, before: Any) -> bool:
    """True where a notebook may have set what is another thing now: other packages fill their tables while they load their own parts."""
    # Of loggers another component hands on what was set.
    if module == "logging" or "cache" in f"{module}.{watch.attribute}".lower():
        return False
    return before is not _MISSING if watch.kind == "global" else watch.kind == "class" or _is_standard(module)


def _is_standard(module: str) -> bool:
    """True for a module of the standard library; of an older Python nobody knows, so there it may be."""
    names = getattr(sys, "stdlib_module_names", None)
    return names is None or module.partition(".")[0] in names


def _is_quoted(key: Any, where: str, mentions: Callable[[str], bool]) -> bool:
    """True for an entry of a package's table that the notebook names as text: `templates["mine"] = …`, `register("mine")`."""
    return isinstance(key, str) and "cache" not in where.lower() and any(mentions(f"{mark}{key}{mark}") for mark in ("'", '"'))


def _is_mentioned(key: Any, mentions: Callable[[str], bool]) -> bool:
    """A short word is in too many texts to tell anything, but as an attribute."""
    if not isinstance(key, str) or _bookkeeping(key) or "cache" in key.lower():
        return False
    return mentions(key if len(key) > 2 else f".{key}")
