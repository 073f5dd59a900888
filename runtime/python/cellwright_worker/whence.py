"""Where a module comes from: an installed package, or the notebook's own folder."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
import types

# Modules that act on the shell when they are imported: the cell that does it must be the one that would in Jupyter.
_ACT_ON_SHELL = ("matplotlib_inline",)


@functools.lru_cache(maxsize=1)
def library_folders() -> tuple[str, ...]:
    """Where the standard library and installed packages are, each with a separator at its end. Nothing else of their environment."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages())
    if site.ENABLE_USER_SITE:
        folders.add(site.getusersitepackages())
    folders.update(entry for entry in sys.path if entry.endswith(".zip") and entry.startswith(sys.base_prefix))
    return tuple(sorted({place(folder) + os.sep for folder in folders for place in (os.path.realpath, os.path.normpath)}))


def installed(name: str) -> bool:
    """True for a module of the standard library or of an installed package."""
    module = sys.modules.get(name)
    origin = getattr(module, "__file__", None)
    if type(module) is not types.ModuleType or module.__name__ != name:
        return False
    return origin is None or origin.startswith(library_folders())


def is_beside(module: types.ModuleType) -> bool:
    """True for a module that was loaded from a file of the user's own."""
    origin = getattr(module, "__file__", None)
    return isinstance(origin, str) and not origin.startswith(library_folders())


def acts_on_shell(name: str) -> bool:
    """True for modules that must not be imported before the cells."""
    return name.partition(".")[0] in _ACT_ON_SHELL
