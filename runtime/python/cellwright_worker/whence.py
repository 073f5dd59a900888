"""Where a module comes from: an installed package, or the notebook's own folder."""

from __future__ import annotations

import sys
import types

# Modules that act on the shell when they are imported: the cell that does it must be the one that would in Jupyter.
_ACT_ON_SHELL = ("matplotlib_inline",)


def installed(name: str) -> bool:
    """True for a module of the standard library or of an installed package."""
    module = sys.modules.get(name)
    origin = getattr(module, "__file__", None)
    if type(module) is not types.ModuleType or module.__name__ != name:
        return False
    return origin is None or "-packages" in origin or origin.startswith((sys.prefix, sys.base_prefix))


def acts_on_shell(name: str) -> bool:
    """True for modules that must not be imported before the cells."""
    return name.partition(".")[0] in _ACT_ON_SHELL
