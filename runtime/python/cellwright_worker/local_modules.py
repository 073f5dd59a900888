"""Modules beside the notebook, the files that they were loaded from, and installed modules that show something when imported.

A module that an earlier cell imported is as its file was then. A process that loads it later must find the same file.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import sys
from typing import Any, Callable, Protocol

from .codec import Codec
from .observe import Observer
from .slots import Slots
from .whence import installed


class Stage(Protocol):
    """The parts of a warm parent that this looks at."""

    codec: Codec
    observer: Observer
    known: Slots
    noisy: list[str]


class LocalModules:
    """What this process loaded, and what earlier tasks did."""

    def __init__(self, stage: Stage, ask_permit: Callable[[str, str], None], need_one_process: Callable[[str], None]) -> None:
        """The functions are called when a file has changed."""
        self._stage = stage
        stage.known.need_one_process = need_one_process
        self._ask_permit = ask_permit
        self._need_one_process = need_one_process
        self._earlier: dict[str, str] = {}
        self._loaded: dict[str, str] = {}
        # As they are in `sys.modules`.
        self._modules: dict[str, Any] = {}

    def note(self, spec: Any) -> None:
        """A module has been loaded, or loaded once more."""
        name, origin = getattr(spec, "name", None), getattr(spec, "origin", None)
        if not isinstance(name, str) or not isinstance(origin, str) or not origin.endswith((".py", ".ipynb")):
            return
        if installed(name) and name not in self._stage.noisy:
            return
        try:
            with open(origin, "rb") as file:
                source = file.read()
        except OSError:
            return
        self._stage.codec.registry.lists_subclasses |= b"__subclasses__" in source
        self._check_place(name)
        digest = hashlib.sha256(source).hexdigest()
        if name not in self._loaded and not self._earlier.get(name, digest).startswith(digest):
            # At the head it is certain that no earlier cell is still to write the file.
            self._ask_permit("module", name)
            self._need_one_process(f"the file of the module {name} has changed since it was imported")
        self._loaded[name] = digest

    def capture(self) -> Any:
        """Module → digests of its source and of what it held then, for those that some cell so far has loaded."""
        for name in list(self._modules):
            self._check_place(name)
        self._modules = {name: sys.modules[name] for name in (*self._earlier, *self._loaded) if name in sys.modules}
        here = {name: f"{digest} {self._stage.known.loaded_as(name)}" for name, digest in self._loaded.items() if name in sys.modules}
        return {**self._earlier, **here} or None

    def restore(self, value: Any) -> None:
        """Load what earlier tasks loaded: to import it again does nothing in Jupyter, and what its code does was done then."""
        self._earlier = dict(value)
        for name in value:
            with self._stage.observer.forbidding(self._acts), contextlib.suppress(BaseException):  # The cell that imports it will say so.
                importlib.import_module(name)
        for name in value:
            if name in self._loaded and f"{self._loaded[name]} {self._stage.known.loaded_as(name)}" != value[name]:
                self._need_one_process(f"the module {name} is not the same whenever it is imported")

    def _acts(self, what: str) -> None:
        self._need_one_process(f"a module beside the notebook does something whenever it is imported ({what})")

    def _check_place(self, name: str) -> None:
        """What refers to a module that is not in its place any more can be loaded nowhere else: the name gives another module there."""
        before = self._modules.get(name)
        if before is not None and sys.modules.get(name) is not before:
            self._need_one_process(f"the module {name} was taken out of sys.modules")
