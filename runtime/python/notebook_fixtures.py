"""Checks functions of a notebook's cells on inputs and results that a run has left: used by the tests that `cellwright test` writes.

Values are kept as text where that brings them back as they were: JSON, or CSV with the types of its columns; arrays as `.npy`; what
is left as a pickle, which runs what its writer wants when it is loaded, like any code of the repository. Needs Python 3.9 and what
the values are of.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib
import io
import json
import math
import os
import pickle
import sys
import unittest
from typing import Any

_RELATIVE = 1e-9
# The heading of the index in a table.
_INDEX = "(index)"


class CellCase(unittest.TestCase):
    """Tests of the cells of one notebook. A subclass names, relative to its own file, the notebook, the fixtures and the package."""

    notebook = ""
    fixtures = ""
    package = ""

    def check(self, name: str) -> None:
        """Call the function of a cell on its captured inputs, and compare what it gives and prints."""
        here = os.path.dirname(os.path.abspath(sys.modules[type(self).__module__].__file__ or ""))
        folder = os.path.join(here, self.fixtures, name)
        with open(os.path.join(folder, "fixture.json"), encoding="utf-8") as file:
            fixture = json.load(file)
        notebook = os.path.join(here, self.notebook)
        if source_digest(notebook, fixture["cell"]) != fixture["source"]:
            self.fail(f"the cell of {name} has changed since its function was written: run `cellwright test {self.notebook}`")
        if here not in sys.path:
            sys.path.insert(0, here)
        function = getattr(importlib.import_module(f"{self.package}.tasks"), fixture["function"])
        inputs = {key: load_value(folder, entry) for key, entry in fixture["inputs"].items()}
        expected = {key: load_value(folder, entry) for key, entry in fixture["outputs"].items()}
        # Cells run in the notebook's folder.
        before = os.getcwd()
        os.chdir(os.path.dirname(notebook) or ".")
        try:
            results, text = call(function, inputs, fixture["returns"])
        finally:
            os.chdir(before)
        for key, value in expected.items():
            difference = find_difference(value, results.get(key), key)
            if difference is not None:
                self.fail(difference)
        if fixture["text"] is not None:
            self.assertEqual(text, fixture["text"])


def call(function: Any, inputs: dict[str, Any], returns: list[str]) -> tuple[dict[str, Any], str]:
    """What a cell's function returns, by name, and what it prints. The inputs are left as they are."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        result = function(**copy.deepcopy(inputs))
    values = (result,) if len(returns) == 1 else () if result is None else result
    return dict(zip(returns, values)), out.getvalue()


def source_digest(notebook: str, cell: str) -> str:
    """A digest of a cell's text; of the whole file where it is not a notebook in JSON."""
    with open(notebook, "rb") as file:
        content = file.read()
    if notebook.endswith(".ipynb"):
        for found in json.loads(content)["cells"]:
            if found.get("id") == cell:
                content = "".join(found["source"]).encode()
                return hashlib.sha256(content).hexdigest()
        return "missing"
    return hashlib.sha256(content).hexdigest()


# Values in files.


def load_value(folder: str, entry: dict[str, Any]) -> Any:
    """A value of a fixture."""
    kind = entry["format"]
    if kind == "json":
        return entry["value"]
    path = os.path.join(folder, entry["file"])
    if kind == "csv":
        import pandas

        frame = pandas.read_csv(path, dtype=entry["types"], parse_dates=entry["dates"], keep_default_na=False, na_values=[""])
        if entry["index"] is not None:
            frame = frame.set_index(_INDEX)
            frame.index.name = entry["index"]["name"]
        return frame if entry["column"] is None else frame[entry["column"]]
    if kind == "npy":
        import numpy

        return numpy.load(path, allow_pickle=False)
    with open(path, "rb") as file:
        return pickle.load(file)


def save_value(folder: str, name: str, value: Any) -> dict[str, Any]:
    """Write a value so that it comes back as it was; gives its entry. Raises `ValueError` when no format brings it back."""
    if find_difference(value, _through_json(value), name) is None:
        return {"format": "json", "value": value}
    for save in (_save_csv, _save_npy, _save_pickle):
        entry = save(folder, name, value)
        if entry is None:
            continue
        try:
            if find_difference(value, load_value(folder, entry), name) is None:
                return entry
        except Exception:  # noqa: BLE001  (what cannot be read again is written in another format)
            pass
        os.unlink(os.path.join(folder, entry["file"]))
    raise ValueError(f"{name}, a {type(value).__name__}, cannot be written to a file and read again")


def _through_json(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return NotImplemented


def _save_csv(folder: str, name: str, value: Any) -> dict[str, Any] | None:
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return None
    frame = value.to_frame() if isinstance(value, pandas.Series) else value
    index = None
    if type(frame.index) is not pandas.RangeIndex or not frame.index.equals(pandas.RangeIndex(len(frame))):
        index = {"name": frame.index.name}
        if frame.index.nlevels > 1 or _INDEX in frame.columns or not isinstance(frame.index.name, (str, type(None))):
            return None
        frame = frame.rename_axis(_INDEX).reset_index()
    types = {str(column): str(kind) for column, kind in frame.dtypes.items()}
    dates = [column for column, kind in types.items() if kind.startswith("datetime64[ns]")]
    frame.to_csv(os.path.join(folder, f"{name}.csv"), index=False, lineterminator="\n")
    plain = {column: kind for column, kind in types.items() if column not in dates}
    column = value.name if isinstance(value, pandas.Series) else None
    return {"format": "csv", "file": f"{name}.csv", "types": plain, "dates": dates, "index": index, "column": column}


def _save_npy(folder: str, name: str, value: Any) -> dict[str, Any] | None:
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not numpy.ndarray or value.dtype.hasobject:
        return None
    numpy.save(os.path.join(folder, f"{name}.npy"), value, allow_pickle=False)
    return {"format": "npy", "file": f"{name}.npy"}


def _save_pickle(folder: str, name: str, value: Any) -> dict[str, Any] | None:
    try:
        data = pickle.dumps(value, 4)
    except Exception:  # noqa: BLE001  (whatever its own code raises)
        return None
    with open(os.path.join(folder, f"{name}.pickle"), "wb") as file:
        file.write(data)
    return {"format": "pickle", "file": f"{name}.pickle"}


# Comparison.


def find_difference(expected: Any, found: Any, name: str) -> str | None:
    """Where two values differ, in words; None when they are equal. Numbers with a fraction may differ in the tenth digit."""
    if type(expected) is not type(found):
        return f"{name} is a {type(found).__name__}, not a {type(expected).__name__}"
    special = _difference_of_library(expected, found, name)
    if special is not NotImplemented:
        return special  # type: ignore[no-any-return]
    if isinstance(expected, float):
        same = math.isclose(expected, found, rel_tol=_RELATIVE) or (math.isnan(expected) and math.isnan(found))
        return None if same else f"{name} is {found!r}, not {expected!r}"
    if isinstance(expected, dict):
        if list(expected) != list(found):
            return f"{name} has the keys {list(found)}, not {list(expected)}"
        return _first(find_difference(value, found[key], f"{name}[{key!r}]") for key, value in expected.items())
    if isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            return f"{name} has {len(found)} entries, not {len(expected)}"
        pairs = enumerate(zip(expected, found))
        return _first(find_difference(left, right, f"{name}[{place}]") for place, (left, right) in pairs)
    if expected == found:
        return None
    if "__eq__" not in {key for kind in type(expected).__mro__[:-1] for key in vars(kind)} and hasattr(expected, "__dict__"):
        return find_difference(vars(expected), vars(found), name)
    return f"{name} is {found!r}, not {expected!r}"


def _first(differences: Any) -> str | None:
    return next((difference for difference in differences if difference is not None), None)


def _difference_of_library(expected: Any, found: Any, name: str) -> Any:
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    try:
        if pandas is not None and isinstance(expected, pandas.DataFrame):
            pandas.testing.assert_frame_equal(found, expected, rtol=_RELATIVE)
        elif pandas is not None and isinstance(expected, pandas.Series):
            pandas.testing.assert_series_equal(found, expected, rtol=_RELATIVE)
        elif pandas is not None and isinstance(expected, pandas.Index):
            pandas.testing.assert_index_equal(found, expected)
        elif numpy is not None and isinstance(expected, numpy.ndarray):
            if expected.dtype != found.dtype:
                return f"{name} is of {found.dtype}, not of {expected.dtype}"
            numpy.testing.assert_allclose(found, expected, rtol=_RELATIVE) if expected.dtype.kind in "fc" else (
                numpy.testing.assert_array_equal(found, expected)
            )
        else:
            return NotImplemented
    except AssertionError as error:
        return f"{name} differs: {error}"
    return None
