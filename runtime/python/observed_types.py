"""Says of which types the variables were that the cells of a run found and left.

Usage: observed_types.py < REQUEST > ANSWER, both JSON. Values are loaded from the store by reference.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Optional

from cellwright_worker.codec import Codec, ValueRef
from cellwright_worker.objects import Store
from cellwright_worker.run_record import RunRecord, read_record

_Types = dict[str, list[str]]


def public_name(kind: type) -> Optional[list[str]]:
    """The shortest path by which people import a class; None when it has none."""
    name = kind.__qualname__
    if "." in name:
        return None
    parts = kind.__module__.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        if getattr(sys.modules.get(path), name, None) is kind and not any(part.startswith("_") for part in parts[1:end]):
            return [path, name]
    return ["__main__", name] if kind.__module__ == "__main__" else None


class Types:
    """Types of stored values, each value loaded once."""

    def __init__(self, record: RunRecord) -> None:
        """`record` says where they are."""
        self._all = {name: reference for cell in record.cells for name, reference in cell.writes.items()}
        self._known: dict[tuple[str, str], Optional[list[str]]] = {}
        self._values: dict[tuple[str, str], Any] = {}
        self._codec = Codec(Store(record.objects), {}, "", self._definition)

    def _definition(self, name: str) -> Any:
        return self._value(self._all[name])

    def _value(self, reference: ValueRef) -> Any:
        key = (reference.object, reference.member)
        if key not in self._values:
            members, _together = self._codec.load(reference)
            self._values.update({(reference.object, member): value for member, value in members.items()})
        return self._values[key]

    def of(self, reference: ValueRef) -> Optional[list[str]]:
        """The type of a value; None when it cannot be named."""
        key = (reference.object, reference.member)
        if key not in self._known:
            try:
                self._known[key] = public_name(type(self._value(reference)))
            except Exception:  # noqa: BLE001  (a value that cannot be loaded has no type to tell)
                self._known[key] = None
        return self._known[key]

    def of_all(self, references: dict[str, ValueRef]) -> _Types:
        """Of the variables among the names."""
        found = {name: self.of(reference) for name, reference in references.items() if ":" not in name}
        return {name: kind for name, kind in found.items() if kind is not None}


def main(given: dict[str, Any]) -> dict[str, dict[str, _Types]]:
    """By cell: types of all variables before it, and after it of what it read and left."""
    record = read_record(given["state"], given["run"])
    types = Types(record)
    answer: dict[str, dict[str, _Types]] = {}
    for cell in record.cells:
        before = record.references(cell.id)
        read = {name: reference for name, reference in before.items() if name in cell.reads}
        answer[cell.id] = {"inputs": types.of_all(before), "outputs": types.of_all({**read, **cell.writes})}
    return answer


if __name__ == "__main__":
    sys.path.insert(0, "")
    found = main(json.load(sys.stdin))
    print(json.dumps(found))
