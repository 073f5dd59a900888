"""Names under which the shell keeps what earlier cells were and gave."""

from __future__ import annotations

_NAMES = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "In", "Out", "_exit_code", "__warningregistry__"})


def is_history(name: str) -> bool:
    """True for a name that the shell sets by itself."""
    return name in _NAMES or (name.startswith("_") and name.lstrip("_i").isdigit())
