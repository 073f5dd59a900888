"""The state of matplotlib that figures of later cells depend on.

With the first figure the inline backend is resolved, which makes drawing interactive and chooses the formats of figures. A process
that has no figure yet has not resolved it, although an earlier cell has: it does so when somebody asks whether drawing is interactive.
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

from . import calls
from .component import Component, Stuck, loaded, touches

BACKEND = "state:backend"
_FORMATS = ("image/png", "image/jpeg", "image/svg+xml", "application/pdf")


def resolved() -> bool:
    """True when this process has resolved the backend."""
    pyplot = loaded("matplotlib.pyplot")
    return pyplot is not None and getattr(pyplot, "_backend_mod", None) is not None


def resolve() -> None:
    """Resolve the backend as the first figure does."""
    importlib.import_module("matplotlib.pyplot")._get_backend_mod()


class Backend:
    """Whether some cell so far has resolved the backend."""

    def __init__(self) -> None:
        """Nobody has."""
        self.was_resolved = False
        self._watched = False

    def watch(self) -> None:
        """Notice questions for the interactive mode, and changes of it."""
        module = loaded("matplotlib")
        if module is None or self._watched or not hasattr(module, "is_interactive"):
            return
        self._watched = True
        for name in ("interactive", "is_interactive"):
            calls.tell(getattr(module, name), self._asked)

    def _asked(self, *ignored: Any) -> None:
        if resolved() or sys.modules.get("matplotlib.pyplot") is None:
            return
        touches.read.add(BACKEND)
        if self.was_resolved:
            self.was_resolved = False
            resolve()
            self.was_resolved = True

    def capture(self) -> Any:
        """True, or nothing."""
        return True if self.was_resolved or resolved() else None

    def restore(self, value: Any) -> None:
        """An earlier cell has."""
        self.was_resolved = bool(value)


backend = Backend()


def _capture_parameters() -> Any:
    module = loaded("matplotlib")
    if module is None or not hasattr(module, "rcParams"):
        return None
    parameters = {key: dict.get(module.rcParams, key) for key in sorted(dict.keys(module.rcParams))}
    chosen = parameters.get("backend")
    if parameters.get("interactive") is resolved():
        parameters.pop("interactive", None)
    # The backend is resolved when the first figure is made, to the same one in every process.
    if not isinstance(chosen, str) or "inline" in chosen:
        parameters.pop("backend", None)
    parameters.pop("backend_fallback", None)
    return parameters


def _restore_parameters(value: Any) -> None:
    import matplotlib

    for key, item in value.items():
        if key == "backend":
            if dict.get(matplotlib.rcParams, key) != item:
                matplotlib.use(item)
        elif key == "interactive":
            resolve()
            dict.__setitem__(matplotlib.rcParams, key, item)
        else:
            dict.__setitem__(matplotlib.rcParams, key, item)


def _capture_figures() -> Any:
    helpers = loaded("matplotlib._pylab_helpers")
    if helpers is not None and helpers.Gcf.figs:
        raise Stuck("figures of pyplot that are still open")
    return None


class Formats:
    """How figures are shown, when that is not the inline backend's own choice."""

    def __init__(self, shell: Any) -> None:
        """Looks at the formatters of `shell`."""
        self._formatters = shell.display_formatter.formatters

    def capture(self) -> Any:
        """Mime type → printer of figures."""
        module = loaded("matplotlib.figure")
        if module is None or loaded("matplotlib_inline.backend_inline") is None:
            return None
        tables = {mime: self._formatters[mime].type_printers for mime in _FORMATS}
        found = {mime: table[module.Figure] for mime, table in tables.items() if module.Figure in table}
        return None if not found or _usual(found) else found

    def restore(self, value: Any) -> None:
        """Choose them again, after the backend has chosen its own."""
        figure = importlib.import_module("matplotlib.figure").Figure
        importlib.import_module("matplotlib_inline.backend_inline")
        for mime in _FORMATS:
            self._formatters[mime].type_printers.pop(figure, None)
            if mime in value:
                self._formatters[mime].type_printers[figure] = value[mime]


def _usual(found: dict[str, Any]) -> bool:
    printer = found.get("image/png")
    usual = {"fmt": "png", "base64": True, "bbox_inches": "tight"}
    return len(found) == 1 and isinstance(printer, functools.partial) and printer.keywords == usual and not printer.args


def _nothing(value: Any) -> None:
    return None


def components(shell: Any) -> list[Component]:
    """What tasks hand on."""
    formats = Formats(shell)
    return [
        Component("backend", backend.capture, backend.restore),
        Component("figure-formats", formats.capture, formats.restore),
        Component("matplotlib", _capture_parameters, _restore_parameters),
        Component("figures", _capture_figures, _nothing),
    ]
