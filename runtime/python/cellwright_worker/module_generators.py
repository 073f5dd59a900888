"""Random generators that modules keep for themselves, as `faker.generator` does, beside those that everybody shares.

Their state is in C, so no attribute shows that one was drawn from. It is put back into the same object: whoever has that has it still.
"""

from __future__ import annotations

import random
import sys
import types
from typing import Any, Optional

from .component import loaded

# Those that everybody shares are components of their own; of the others nobody's result depends on.
_IGNORED = frozenset(
    {"random", "secrets", "tempfile", "uuid", "IPython", "ipykernel", "jupyter_client", "tornado", "zmq", "cellwright_worker"}
)


def state_of(value: Any) -> Any:
    """What a generator gives next follows from this; None for what is no generator."""
    if isinstance(value, random.Random):
        return None if isinstance(value, random.SystemRandom) else value.getstate()
    numpy = loaded("numpy.random")
    if numpy is None or not hasattr(numpy, "Generator"):
        return None
    if isinstance(value, numpy.Generator):
        return value.bit_generator.state
    return value.get_state(legacy=False) if isinstance(value, numpy.RandomState) else None


def set_state(value: Any, state: Any) -> None:
    """Let a generator go on from there."""
    if isinstance(value, random.Random):
        value.setstate(state)
    elif hasattr(value, "bit_generator"):
        value.bit_generator.state = state
    else:
        value.set_state(state)


class ModuleGenerators:
    """All generators that are globals of modules which this process has loaded."""

    def __init__(self) -> None:
        """Modules are looked through once, when they are there."""
        self._known: set[str] = set()
        self._found: dict[tuple[str, str], Any] = {}
        self._kinds: dict[type, bool] = {}

    def capture(self) -> Optional[dict[tuple[str, str], Any]]:
        """Module and name → state."""
        for name in [name for name in list(sys.modules) if name not in self._known]:
            self._known.add(name)
            module = sys.modules.get(name)
            if type(module) is types.ModuleType and name.partition(".")[0] not in _IGNORED and not name.startswith("numpy.random"):
                self._look_through(name, module)
        return {place: state_of(value) for place, value in self._found.items()} or None

    def restore(self, states: dict[tuple[str, str], Any]) -> None:
        """Let those of them that are here go on."""
        now = self.capture() or {}
        for place in states.keys() & now.keys():
            set_state(self._found[place], states[place])

    def _look_through(self, name: str, module: types.ModuleType) -> None:
        shared = (getattr(random, "_inst", None), getattr(loaded("numpy.random.mtrand"), "_rand", None))
        for attribute, value in list(vars(module).items()):
            kind = type(value)
            known = self._kinds.get(kind)
            if known is None:
                known = self._kinds[kind] = state_of(value) is not None
            if known and not any(value is each for each in shared):
                self._found[name, attribute] = value


# Looked through before processes are forked, so that they need not.
module_generators = ModuleGenerators()
