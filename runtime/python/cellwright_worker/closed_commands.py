"""Shell commands that are known to do nothing but say what they were told: their output follows from their text and the environment."""

from __future__ import annotations

import os
import re

# Builtins of every shell. What matches names, starts programs or redirects is not among the characters, nor is what differs by shell.
_SAYS = re.compile(r"\s*(?:echo|printf)(?:\s(?:[^*?\[\]~<>|&;()`{}#!\n$]|\$[A-Za-z_])*)?\Z")
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
# Others read files of their own before the command.
_SHELLS = frozenset({"sh", "bash", "dash"})
_READ_FILES = frozenset({"BASH_ENV", "SSH_CLIENT", "SSH2_CLIENT"})


def variables_of(command: str) -> list[str] | None:
    """The environment variables that a command of this kind depends on; None for every other command."""
    environment = os.environ._data  # type: ignore[attr-defined]  # Not a reading by the cell.
    shell = os.fsdecode(environment.get(b"SHELL", b"sh"))
    if os.path.basename(shell) not in _SHELLS or any(os.fsencode(name) in environment for name in _READ_FILES):
        return None
    names = _VARIABLE.findall(command)
    # Without quotes a value would stand for the names that it matches.
    values = [os.getcwdb(), *(environment.get(os.fsencode(name), b"") for name in names)] if names else []
    if _SAYS.match(command) is None or any(set(value) & set(b"*?[") for value in values):
        return None
    return ["*", *_READ_FILES, *names]
