"""What an object is worth: two fingerprints are equal when no notebook could tell the values apart, whatever the bytes are.

Caches that a library fills when it is asked something are left out; so is everything that only says where an object lies.
"""

from __future__ import annotations

import collections
import collections.abc
import io
import os
import pathlib
import sys
import types
import weakref
from typing import Any

OPAQUE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, weakref.ReferenceType)

# Attributes that are filled or invalidated by looking.
CACHES = {
    "_cache",
    "_item_cache",
    "_cacher",
    "_mgr",
    "_selected_obj",
    "_obj_with_exclusions",
    "stale",
    "_stale",
    "_stale_viewlims",
    "canvas",
    "_canvas",
    "majorTicks",
    "minorTicks",
    "_cachedRenderer",
    "_renderer",
    "_layoutbox",
    "_transform",
    "_transformSet",
    "_axis_map",
    "_remove_method",
    "_callbacks",
    "callbacks",
    "_button_pick_id",
    "_scroll_pick_id",
    "_axobservers",
    "_tight",
    "_offset_text_visible",
    "offsetText",
    "_mouseover_set",
    "_last_update",
    "_cmin",
    "_cmax",
    "_invalid",
    "_parents",
    "_isinit",
    "_lut",
    "_rgba",
    "_rgba_bad",
    "_frame",
    "_hash",
    "_repr_cache",
    "_has_canonical_format",
    "_has_sorted_indices",
}


def fingerprint(obj: Any) -> Any:
    """A nested tuple that can be compared."""
    return _Walk().value(obj)


def reachable(obj: Any) -> tuple[set, list[Any]]:
    """The places of all mutable objects that an object leads to, and the objects themselves, which keep the places taken."""
    walk = _Walk()
    walk.value(obj)
    return {key for key, held in walk.places.items() if held}, walk.alive


class _Walk:
    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self.places: dict[int, bool] = {}
        self.alive: list[Any] = []

    def value(self, obj: Any) -> Any:
        kind = type(obj)
        if obj is None or kind in (bool, int, float, complex, str, bytes, range, slice):
            return (kind.__name__, repr(obj))
        if isinstance(obj, OPAQUE):
            return ("opaque", getattr(obj, "__qualname__", kind.__name__))
        place = id(obj)
        if place in self.seen:
            return ("again", self.seen[place])
        self.seen[place] = len(self.seen)
        self.places[place] = kind is not tuple and kind is not frozenset
        self.alive.append(obj)
        return (f"{kind.__module__}.{kind.__qualname__}", self._inside(obj))

    def _inside(self, obj: Any) -> Any:
        for look in (_numpy, _pandas, _polars, _matplotlib, _standard):
            found = look(self, obj)
            if found is not None:
                return found
        parts: list[Any] = []
        if isinstance(obj, dict):
            parts.append([(self.value(key), self.value(item)) for key, item in dict.items(obj)])
        elif isinstance(obj, (list, tuple)):
            parts.append([self.value(item) for item in obj])
        elif isinstance(obj, (set, frozenset)):
            parts.append(sorted(repr(self.value(item)) for item in obj))
        elif hasattr(type(obj), "__length_hint__"):
            parts.append(obj.__length_hint__())
        attributes = self._attributes(obj)
        if attributes or parts:
            return [*parts, attributes]
        return self._reduced(obj)

    def _attributes(self, obj: Any) -> list[tuple[str, Any]]:
        found = dict(getattr(obj, "__dict__", {}))
        for kind in type(obj).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if name not in ("__dict__", "__weakref__") and hasattr(obj, name):
                    found[name] = getattr(obj, name)
        return [(name, self.value(found[name])) for name in sorted(found, key=str) if name not in CACHES]

    def _reduced(self, obj: Any) -> Any:
        """Objects of C say what they are made of when they are pickled."""
        try:
            made = obj.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - any class may refuse in its own way, and then has only its type to show
            return "opaque"
        if not isinstance(made, tuple):
            return repr(made)
        return [self.value(part) if not hasattr(part, "__next__") else [self.value(item) for item in part] for part in made[1:]]


def _numpy(walk: _Walk, obj: Any) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(obj, numpy.ndarray):
        base = obj
        while isinstance(base, numpy.ndarray):
            walk.places[id(base)] = True
            walk.alive.append(base)
            base = base.base
        if obj.dtype.hasobject:
            data: Any = [walk.value(item) for item in obj.ravel().tolist()]
        else:
            data = obj.tobytes()
        return (str(obj.dtype), obj.shape, obj.flags.writeable, data)
    if isinstance(obj, (numpy.generic, numpy.dtype)):
        return repr(obj)
    if isinstance(obj, numpy.flatiter):
        return (obj.index, walk.value(obj.base))
    if obj is numpy.random.mtrand._rand:
        return "numpy.random itself"
    if isinstance(obj, numpy.random.RandomState):
        return walk.value(obj.get_state(legacy=False))
    if isinstance(obj, numpy.random.Generator):
        return walk.value(obj.bit_generator.state)
    if isinstance(obj, numpy.random.BitGenerator):
        return walk.value(obj.state)
    return None


def _pandas(walk: _Walk, obj: Any) -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if isinstance(obj, pandas.DataFrame):
        columns = [walk.value(obj.iloc[:, place].array) for place in range(obj.shape[1])]
        return (walk.value(obj.columns), walk.value(obj.index), columns, walk.value(dict(obj.attrs)))
    if isinstance(obj, pandas.Series):
        return (walk.value(obj.name), walk.value(obj.index), walk.value(obj.array), walk.value(dict(obj.attrs)))
    if isinstance(obj, pandas.MultiIndex):
        return (walk.value(list(obj.names)), [walk.value(item) for item in obj.tolist()])
    if isinstance(obj, pandas.Index):
        return (walk.value(list(obj.names)), walk.value(obj.array))
    if isinstance(obj, pandas.Categorical):
        return (walk.value(obj.categories), obj.codes.tobytes(), obj.ordered)
    if isinstance(obj, pandas.api.extensions.ExtensionArray):
        if isinstance(obj, pandas.arrays.NumpyExtensionArray):
            return walk.value(obj.to_numpy())
        return (str(obj.dtype), [walk.value(item) for item in list(obj)])
    if type(obj).__module__ == "pandas.core.indexing":
        return walk.value(obj.obj)
    if isinstance(obj, (pandas.Timestamp, pandas.Timedelta, pandas.Period, pandas.Interval)) or obj is pandas.NaT or obj is pandas.NA:
        return repr(obj)
    return None


def _polars(walk: _Walk, obj: Any) -> Any:
    polars = sys.modules.get("polars")
    if polars is None:
        return None
    if isinstance(obj, polars.DataFrame):
        return (repr(obj.schema), walk.value(obj.to_dict(as_series=False)))
    if isinstance(obj, polars.Series):
        return (obj.name, repr(obj.dtype), walk.value(obj.to_list()))
    if isinstance(obj, polars.LazyFrame):
        return obj.explain(optimized=False)
    if isinstance(obj, polars.Expr):
        return str(obj)
    return None


def _matplotlib(walk: _Walk, obj: Any) -> Any:
    if "matplotlib" not in sys.modules:
        return None
    transforms = sys.modules.get("matplotlib.transforms")
    if transforms is not None and isinstance(obj, transforms.TransformNode):
        return walk.value(obj.get_points()) if isinstance(obj, transforms.Bbox) else "transform"
    axes = sys.modules.get("matplotlib.axes")
    if axes is not None and isinstance(obj, axes.Axes):
        # The limits follow from the data when somebody asks for them.
        obj.get_xlim(), obj.get_ylim()
    return None


def _standard(walk: _Walk, obj: Any) -> Any:
    name = f"{type(obj).__module__}.{type(obj).__qualname__}"
    if isinstance(obj, io.IOBase):
        if obj.closed:
            return "closed"
        try:
            if isinstance(obj, (io.StringIO, io.BytesIO)):
                return (obj.tell(), obj.getvalue())
            obj.flush()
            return (obj.tell(), os.fstat(obj.fileno()).st_size)
        except OSError:
            return "stream"
    if isinstance(obj, collections.abc.MappingView):
        return [walk.value(item) for item in obj]
    if name.startswith("_hashlib") or name.startswith("_md5"):
        return obj.hexdigest()
    if name == "_csv.reader":
        return obj.line_num
    if name == "sqlite3.Connection":
        try:
            return (obj.total_changes, obj.in_transaction)
        except Exception:  # noqa: BLE001 - its own error, whose class is only there when it is imported
            return "closed"
    if name.startswith(("IPython.", "ipykernel.")) and "Shell" in name:
        return "the shell"
    if name.startswith("networkx.") and hasattr(obj, "_adj"):
        return (walk.value(obj.graph), walk.value(obj._node), walk.value(obj._adj))
    if isinstance(obj, pathlib.PurePath):
        return str(obj)
    if isinstance(obj, collections.OrderedDict):
        return [(walk.value(key), walk.value(item)) for key, item in obj.items()]
    return None
