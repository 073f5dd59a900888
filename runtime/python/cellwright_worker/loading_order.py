"""In which order what a cell needs is put in its place before it runs."""

from __future__ import annotations

from collections.abc import Iterable

# What modules may look at while they are imported, and then the modules that earlier cells imported.
_FIRST = ("state:environ", "state:sys.path", "state:cwd", "state:local-modules")
# Shown warnings count until the filters change.
_LAST = "state:warning-registry"


def loading_order(names: Iterable[str]) -> list[str]:
    """Definitions, then hidden state, then variables; an object in the place of a library's own comes before what is in it."""
    return sorted(
        names,
        key=lambda name: (
            name == _LAST,
            _FIRST.index(name) if name in _FIRST else len(_FIRST),
            not name.startswith("def:"),
            not name.startswith(("state:", "slot:")),
            name.startswith("slot:") and ":global:" not in name,
            name,
        ),
    )
