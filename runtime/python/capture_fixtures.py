"""Writes what cells of a run started with and left as fixtures, and tries each once.

Usage: capture_fixtures.py < REQUEST > ANSWER, both JSON. The request names the state, the run, the folder of the tests, the package
of the cells' functions there, and of each cell its id, its fixture, its function, its inputs and its outputs.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from typing import Any

from cellwright_worker.codec import Codec, ValueRef
from cellwright_worker.objects import Store
from cellwright_worker.run_record import RunRecord, read_record
from notebook_fixtures import call, find_difference, save_value, source_digest


class _Values:
    """Stored values; those that share objects share them here too."""

    def __init__(self, record: RunRecord, references: dict[str, ValueRef]) -> None:
        self._references = references
        self._members: dict[tuple[str, str], Any] = {}
        self._codec = Codec(Store(record.objects), {}, "", self.of)

    def has(self, name: str) -> bool:
        """True when the store has a value of that name."""
        return name in self._references

    def of(self, name: str) -> Any:
        """The value of a name."""
        reference = self._references[name]
        key = (reference.object, reference.member)
        if key not in self._members:
            members, _together = self._codec.load(reference)
            self._members.update({(reference.object, member): value for member, value in members.items()})
        return self._members[key]


def capture(given: dict[str, Any], cell: dict[str, Any], record: RunRecord) -> dict[str, Any]:
    """Write the fixture of one cell; raises `ValueError` with the reason when it cannot be one."""
    recorded = next((one for one in record.cells if one.id == cell["id"]), None)
    if recorded is None or not recorded.code:
        raise ValueError("it did not run in the last run, or all cells ran in one process")
    before = record.references(cell["id"])
    values, after = _Values(record, before), _Values(record, {**before, **recorded.writes})
    absent = [name for name in cell["inputs"] if not values.has(name)]
    if absent:
        raise ValueError(f"no store has {absent[0]}, which it needs")
    inputs = {name: values.of(name) for name in cell["inputs"]}
    for name, value in inputs.items():
        _refuse_own(name, value)
    expected = {name: after.of(name) for name in cell["outputs"] if name in recorded.writes}
    function = getattr(importlib.import_module(f"{given['package']}.tasks"), cell["function"])
    results, text = call(function, inputs, cell["outputs"])
    for name, value in expected.items():
        difference = find_difference(value, results.get(name), name)
        if difference is not None:
            states = sorted(state[6:] for state in recorded.reads if state.startswith("state:") and state.endswith("random"))
            why = f" (it draws from {', '.join(states)}, whose state no fixture has)" if states else ""
            raise ValueError(f"its function does not give again what the run gave: {difference}{why}")
    _again, second = call(function, inputs, cell["outputs"])
    repeats = {name for name, value in results.items() if find_difference(value, _again.get(name), name) is None}
    folder = os.path.join(given["folder"], given["fixtures"], cell["fixture"])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        fixture = {
            "cell": cell["id"],
            "function": cell["function"],
            "source": source_digest(given["notebook"], cell["id"]),
            "run": given["run"],
            "inputs": {name: save_value(folder, name, value) for name, value in inputs.items()},
            "outputs": _outputs(folder, {name: results[name] for name in cell["outputs"] if name in repeats}),
            "returns": cell["outputs"],
            "text": text if text == second else None,
        }
        with open(os.path.join(folder, "fixture.json"), "w", encoding="utf-8") as file:
            json.dump(fixture, file, indent=2, ensure_ascii=False)
            file.write("\n")
        _refuse_secrets(folder, given["secrets"])
        size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
        if size > given["most"]:
            raise ValueError(f"its fixture has {size / 1e6:.1f} MB, more than {given['most'] / 1e6:.0f}; --force keeps it all the same")
    except BaseException:
        shutil.rmtree(folder)
        raise
    entries = [*fixture["inputs"].values(), *fixture["outputs"].values()]
    pickled = [entry["file"] for entry in entries if entry["format"] == "pickle"]
    left = [name for name in cell["outputs"] if name not in fixture["outputs"]]
    return {"bytes": size, "pickled": pickled, "left": left, "text": fixture["text"] is not None}


def _refuse_secrets(folder: str, names: list[str]) -> None:
    """Fixtures go into a repository, secrets do not."""
    for name in names:
        value = os.environ.get(name, "")
        if not value:
            raise ValueError(f"{name} is not set, so it cannot be seen whether its secret would be written")
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), "rb") as opened:
                if value.encode() in opened.read():
                    raise ValueError(f"the secret of {name} would be written to {file}")


def _refuse_own(name: str, value: Any) -> None:
    if type(value).__module__ == "__main__":
        raise ValueError(f"{name} is of {type(value).__name__}, a class of the notebook, which no file keeps")


def _outputs(folder: str, values: dict[str, Any]) -> dict[str, Any]:
    """What can be kept: a figure or a connection cannot, and is not compared."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        try:
            found[name] = save_value(folder, f"{name}.expected", value)
        except ValueError:
            continue
    return found


def main(given: dict[str, Any]) -> list[dict[str, Any]]:
    """One answer a cell."""
    sys.path.insert(0, given["folder"])
    os.environ.setdefault("MPLBACKEND", "Agg")
    record = read_record(given["state"], given["run"])
    os.chdir(record.cwd)
    answers: list[dict[str, Any]] = []
    for cell in given["cells"]:
        try:
            answers.append({"id": cell["id"], **capture(given, cell, record)})
        except Exception as error:  # noqa: BLE001  (the cell's own code runs)
            answers.append(
                {"id": cell["id"], "problem": str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"}
            )
    return answers


if __name__ == "__main__":
    request = json.load(sys.stdin)
    answer = main(request)
    print()
    print(json.dumps(answer))
