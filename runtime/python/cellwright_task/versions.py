"""What a name holds before a cell, from what the cells of earlier steps and of this one left."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Optional

LIST_OF_NAMES = "*"
_SHOWN = "shown:"


@dataclass
class Ended:
    """What is known of one cell: its task, and what its process told when it ended."""

    task: dict[str, Any]
    result: Optional[dict[str, Any]] = None
    # The process that alone has what the cell held; only of this step.
    holder: Any = None
    # Files as the cell left them, by their paths: see `working_files`.
    files: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """The latest writer of a name: its place, and what it left: `value`, `held`, `unsaved` or `absent`."""

    kind: str
    at: int = -1
    reference: Optional[dict[str, str]] = None


_ABSENT = Origin("absent")


def is_quiet(name: str) -> bool:
    """State that counts as read only by a cell that touches it."""
    return name == "state:random" or name.endswith(".random") or name == "state:backend"


def is_implicit(name: str) -> bool:
    """Hidden state and changes inside libraries: every cell depends on all of it."""
    return name.startswith(("state:", "slot:"))


def left_by(result: dict[str, Any]) -> set[str]:
    """Names that the cell gave something."""
    return {*result["writes"], *result["held"], *result["unsaved"]}


class Versions:
    """All cells of the notebook in order; those that are not among the ancestors of this step have no result."""

    def __init__(self, tasks: list[dict[str, Any]]) -> None:
        """Nothing has ended."""
        self.cells = [Ended(task) for task in tasks]

    def before(self, place: int) -> list[tuple[int, dict[str, Any]]]:
        """The cells before a place that have ended, the latest first."""
        return [(at, cell.result) for at, cell in reversed(list(enumerate(self.cells[:place]))) if cell.result is not None]

    def origin(self, name: str, place: int) -> Origin:
        """What a name holds before the cell at a place."""
        if name == LIST_OF_NAMES:
            return self._list(place)
        if name.startswith(_SHOWN):
            shown = "yes" if self.is_shown(name[len(_SHOWN) :], place) else "no"
            return Origin("value", place - 1, {"object": "", "member": "", "content": shown})
        for at, result in self.before(place):
            if name in result["held"]:
                return Origin("held", at)
            if name in result["writes"]:
                return Origin("value", at, result["writes"][name]["ref"])
            if name in result["unsaved"]:
                return Origin("unsaved", at)
            if name in result["deletes"]:
                return Origin("absent", at)
        return _ABSENT

    def _list(self, place: int) -> Origin:
        member = " ".join(self.variables(place))
        content = "sha256:" + hashlib.sha256(member.encode("utf-8", "surrogatepass")).hexdigest()
        return Origin("value", place - 1, {"object": "", "member": member, "content": content})

    def variables(self, place: int) -> list[str]:
        """The variables that exist before the cell."""
        names = {name for _, result in self.before(place) for name in left_by(result) if ":" not in name}
        return sorted(name for name in names if self.origin(name, place).kind != "absent")

    def is_shown(self, name: str, place: int) -> bool:
        """True when the object was the result of a cell: `Out` keeps that alive."""
        for _, result in self.before(place):
            if name in result["shown"]:
                return True
            rebound = result["writes"].get(name, {}).get("how") == "bind"
            if rebound or name in result["deletes"] or name in result["unsaved"]:
                return False
        return False

    def implicit(self, place: int) -> list[str]:
        """Hidden state that some earlier cell wrote or holds."""
        names = {name for _, result in self.before(place) for name in (*result["writes"], *result["held"]) if is_implicit(name)}
        return sorted(names)

    def shadows(self, place: int) -> set[str]:
        """Names of builtins that earlier cells made variables."""
        return {name for _, result in self.before(place) for name in result["shadows"]}

    def binding(self, name: str, place: int) -> dict[str, Any]:
        """The same as an answer to a worker."""
        origin = self.origin(name, place)
        if origin.reference is None:
            return {"kind": origin.kind}
        return {"kind": "value", "ref": origin.reference, "shown": self.is_shown(name, place)}
