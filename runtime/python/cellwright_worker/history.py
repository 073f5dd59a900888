"""The shell's own history of inputs and outputs, which no cell binds."""

from __future__ import annotations

from typing import Any

_NAMES = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "In", "Out", "_exit_code", "__warningregistry__"})


def is_history(name: str) -> bool:
    """True for a name that the shell itself keeps."""
    return name in _NAMES or (name.startswith("_") and name.lstrip("_i").isdigit())


def prepare_history(shell: Any, sources: list[str], count: int) -> None:
    """Let the shell be before the cell number `count`, after cells with these sources."""
    shell.execution_count = count
    shell.history_manager.input_hist_raw = ["", *sources]
    shell.history_manager.input_hist_parsed = ["", *sources]
    inputs = shell.history_manager.input_hist_parsed
    for table in (shell.user_ns, shell.user_ns_hidden):
        table["In"] = table["_ih"] = inputs
