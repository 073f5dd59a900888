"""The namespace a cell runs in: an exact dict whose missing names are asked for through `__builtins__`.

CPython looks a global up in the module's dict and then in `__builtins__`. The module's dict must be an exact dict (compiled
code writes to it directly), but `__builtins__` may be a subclass, and then `__missing__` is called for a name that neither
has. That call is the observation of a read.
"""

from __future__ import annotations

import builtins
import importlib._bootstrap as bootstrap
import sys
import types
from types import FrameType
from typing import Any, Callable, Optional, Protocol

Fault = Callable[[str], bool]


class FaultingBuiltins(dict[str, Any]):
    """Builtins that ask `fault(name)` for a name nobody has; the fault puts a value into the namespace or says no.

    In a notebook `__builtins__` is a module, so this has attributes as well.
    """

    _namespace: dict[str, Any]
    _fault: Fault
    shadowed: set[str]

    def __init__(self, namespace: dict[str, Any], fault: Fault) -> None:
        """Starts as a copy of the real builtins."""
        super().__init__(vars(builtins))
        for name, value in (("_namespace", namespace), ("_fault", fault), ("shadowed", set())):
            object.__setattr__(self, name, value)

    def shadow(self, names: list[str]) -> None:
        """Let the notebook's own variables of these names be asked for before the builtins."""
        self.shadowed.update(names)
        for name in names:
            self.pop(name, None)

    def follow(self) -> None:
        """Take part in what is set on the module of builtins from now on; who writes to its dict is not seen."""
        here = self

        class Followed(types.ModuleType):
            def __setattr__(self, name: str, value: Any) -> None:
                super().__setattr__(name, value)
                if name not in here.shadowed:
                    here[name] = value

            def __delattr__(self, name: str) -> None:
                super().__delattr__(name)
                here.pop(name, None)

        Followed.__name__ = Followed.__qualname__ = "module"
        builtins.__class__ = Followed  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(builtins, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(builtins, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(builtins, name)

    def __dir__(self) -> list[str]:
        return dir(builtins)

    def __missing__(self, name: str) -> Any:
        if isinstance(name, str) and self._fault(name):
            return self._namespace[name]
        return vars(builtins)[name]


FaultingBuiltins.__name__ = FaultingBuiltins.__qualname__ = "module"


# Those that take the dict of the module a class or function is from to look for single names in it, which are asked for.
_LOOK_BY_NAME = frozenset(
    {"IPython", "annotationlib", "attr", "cellwright_worker", "dataclasses", "ipykernel", "pydantic", "typing", "typing_extensions"}
)
_DICT_OF_MODULE: Any = vars(types.ModuleType)["__dict__"]


def follow_main(module: Any, names: FaultingBuiltins, everything: Callable[[], None]) -> None:
    """Let `__main__` have as attributes what can be asked for, and call `everything` before somebody lists them.

    Who takes the module's dict may list it (`doctest`, `from __main__ import *`).
    """

    class NotebookModule(types.ModuleType):
        @property
        def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
            if sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] not in _LOOK_BY_NAME:
                everything()
            found: dict[str, Any] = _DICT_OF_MODULE.__get__(self)
            return found

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("__") and name not in vars(builtins):
                try:
                    return names[name]
                except KeyError:
                    pass
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

        def __dir__(self) -> list[str]:
            everything()
            return sorted(vars(self))

    NotebookModule.__name__ = NotebookModule.__qualname__ = "module"
    module.__class__ = NotebookModule


def leave_main(module: Any) -> None:
    """Let `__main__` and its builtins be what they are in Jupyter, where all is there: who stores them goes by exact types (`dill`)."""
    module.__class__ = builtins.__class__ = types.ModuleType  # type: ignore[assignment]
    vars(module)["__builtins__"] = builtins


_LOADING = """
def _find_and_load(name, import_):
    finished = starting(name)
    try:
        return find(name, import_)
    finally:
        if finished is not None:
            finished()

def _load_unlocked(spec):
    module = load(spec)
    loaded(spec)
    return module

def _exec(spec, module):
    module = execute(spec, module)
    loaded(spec)
    return module
"""


class ImportListener(Protocol):
    """Who wants to know what is imported."""

    def note(self, spec: Any) -> None:
        """A module has been loaded."""

    def imported(self, statement: object) -> None:
        """An import statement of the notebook has loaded a module; equal arguments are one statement."""

    def starting(self, name: str) -> Optional[Callable[[], None]]:
        """A statement at the top level of a cell is about to import this; what is returned is called when it has."""


def watch_imports(namespace: dict[str, Any], listener: ImportListener) -> None:
    """Tell `listener` what is imported.

    The hook is a function of the import system by its file name, so that no traceback shows it.
    """
    note, imported = listener.note, listener.imported

    def loaded(spec: Any) -> None:
        note(spec)
        frame: Optional[FrameType] = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if frame is not None and frame.f_globals is namespace:
            imported((id(frame), frame.f_lasti))

    def starting(name: str) -> Optional[Callable[[], None]]:
        frame: Optional[FrameType] = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if frame is None or frame.f_globals is not namespace or frame.f_code.co_name != "<module>":
            return None
        return listener.starting(name)

    table = vars(bootstrap)
    parts: dict[str, Any] = {"load": table["_load_unlocked"], "execute": table["_exec"], "find": table["_find_and_load"]}
    parts.update(loaded=loaded, starting=starting)
    exec(compile(_LOADING, "<frozen importlib._bootstrap>", "exec"), parts)
    table.update({name: parts[name] for name in ("_load_unlocked", "_exec", "_find_and_load")})
