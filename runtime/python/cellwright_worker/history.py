"""The shell's own history of inputs and outputs, which no cell binds."""

from __future__ import annotations

from typing import Any

from .mentions import notebook_text

_NAMES = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "In", "Out", "_exit_code", "__warningregistry__"})


def is_history(name: str) -> bool:
    """True for a name that the shell itself keeps."""
    return name in _NAMES or (name.startswith("_") and name.lstrip("_i").isdigit())


def prepare_history(shell: Any, cells: list[tuple[int, str, str]], message: dict[str, Any]) -> None:
    """Let the shell be before the cell of the message. `cells` are those that the process was started with."""
    sources = _earlier_sources(cells, message["inputHistory"])
    notebook_text.read([*sources, message["source"]])
    shell.execution_count = message["executionCount"]
    shell.history_manager.input_hist_raw = ["", *sources]
    shell.history_manager.input_hist_parsed = ["", *sources]
    inputs = shell.history_manager.input_hist_parsed
    for table in (shell.user_ns, shell.user_ns_hidden):
        table["In"] = table["_ih"] = inputs


def _earlier_sources(cells: list[tuple[int, str, str]], told: dict[str, Any]) -> list[str]:
    """The first `count` of the cells, but for those that have another text in this run."""
    sources = [source for _, source, _ in cells[: told["count"]]]
    for place, source in told["others"]:
        sources[place : place + 1] = [source]
    return sources
