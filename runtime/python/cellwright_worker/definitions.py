"""Classes of the notebook: each has an id, and is stored as a value of its own to which other values refer.

A class is taken apart into what makes an empty class of the same shape and the attributes that are set afterwards, so that a
class may refer to itself, to its instances and to classes that refer to it. Hooks of bases and metaclasses do not run again:
what they did is part of the class as it is.
"""

from __future__ import annotations

import abc
import enum
import gc
import sys
import types
from typing import Any, Callable, Optional

from . import rebuild
from .python_classes import is_written_in_python

_FROZEN = 1 << 8
_NATIVE = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
_ENUM_OWN = frozenset(
    [
        "_generate_next_value_",
        "__new__",
        "__new_member__",
        "_new_member_",
        "_member_names_",
        "_member_map_",
        "_member_type_",
        "_value2member_map_",
        "_unhashable_values_",
        "_unhashable_values_map_",
        "_hashable_values_",
        "_value_repr_",
        "_use_args_",
        "_boundary_",
        "_flag_mask_",
        "_all_bits_",
        "_singles_mask_",
        "_inverted_",
        "_iter_member_",
        "_iter_member_by_value_",
        "_iter_member_by_def_",
        "_sort_order_",
        "__reduce_ex__",
        "__set_name__",
        "__dict__",
        "__weakref__",
        "_missing_",
        "__doc__",
        "__module__",
        "__qualname__",
        "__firstlineno__",
        "__static_attributes__",
        "_use_args",
    ]
)
_TUPLE_OWN = frozenset(
    [
        "_fields",
        "_field_defaults",
        "_make",
        "_replace",
        "_asdict",
        "__new__",
        "__repr__",
        "__getnewargs__",
        "__match_args__",
        "__slots__",
        "__replace__",
        "__module__",
        "_field_types",
        "__doc__",
    ]
)


class Refusal(Exception):
    """Why a value cannot be stored; `thing` is the part of it that cannot."""

    def __init__(self, reason: str, thing: Any = None, farewell: bool = False) -> None:
        """`reason` is a noun phrase; `farewell` is true of a thing that does something when it goes."""
        super().__init__(reason)
        self.thing = thing
        self.farewell = farewell


def importable(thing: Any) -> bool:
    """True when importing the thing's module gives that very thing by its name."""
    name = getattr(thing, "__module__", None)
    if name is None or name in ("__main__", "__mp_main__"):
        return False
    found: Any = sys.modules.get(name)
    if found is None:
        return False
    for part in getattr(thing, "__qualname__", "<none>").split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return found is thing


def written_in_python(kind: Any) -> bool:
    """True for classes made by a `class` statement or its like, and not by native code."""
    table = vars(kind)
    if not is_written_in_python(kind) or kind.__flags__ & _FROZEN or "__module__" not in table:
        return False
    return not any(
        isinstance(value, _NATIVE) and value.__objclass__ is kind and name not in ("__dict__", "__weakref__")
        for name, value in table.items()
        if "__slots__" not in table or not isinstance(value, types.MemberDescriptorType)
    )


class Registry:
    """The two-way table of classes and ids in a process."""

    def __init__(self) -> None:
        self.classes: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._counts: dict[str, int] = {}
        self._foreign: dict[Any, bool] = {}
        # True when some code of the notebook asks classes for their subclasses.
        self.lists_subclasses = False
        self.need_one_process: Callable[[str], None] = lambda reason: None

    def subclasses(self, kind: Any) -> list[Any]:
        """The notebook's classes that must be there when this one is: those that it lists, or whose virtual subclasses it has."""
        found = [child for child in type.__subclasses__(kind) if self.ours(child)]
        if len({child.__qualname__ for child in found}) < len(found):
            gc.collect()  # A class that was defined again is listed until it is collected.
            found = [child for child in type.__subclasses__(kind) if self.ours(child)]
            if self.lists_subclasses and len({child.__qualname__ for child in found}) < len(found):
                # Here it may live because it came from the store, or seem to be gone because who keeps it did not.
                self.need_one_process(f"the subclasses of {kind.__name__} are listed, and one of them was defined again")
        return [child for child in found if self.lists_subclasses or _virtual_subclasses(child) or self.subclasses(child)]

    def define(self, identifier: str, kind: Any) -> None:
        """Know a class by its id; the newest one counts."""
        self.classes[identifier] = kind
        self._names[id(kind)] = identifier

    def known(self, kind: Any) -> Optional[str]:
        """The id of a class, if it has one."""
        identifier = self._names.get(id(kind))
        return identifier if identifier is not None and self.classes.get(identifier) is kind else None

    def identify(self, kind: Any, task: str) -> str:
        """The id of a class, given now if need be."""
        identifier = self.known(kind)
        if identifier is None:
            base = f"def:{task}:{kind.__qualname__}"
            while identifier is None or identifier in self.classes:
                count = self._counts[base] = self._counts.get(base, 0) + 1
                identifier = f"{base}:{count}"
            self.define(identifier, kind)
        return identifier

    def ours(self, kind: Any) -> bool:
        """True for a class of the notebook, and for one that a library made and gave no importable name."""
        if not written_in_python(kind):
            return False
        if id(kind) in self._names:
            return True
        found = self._foreign.get(kind) if type(kind) is type else None
        if found is None:
            found = not importable(kind)
            if type(kind) is type and not found:
                self._foreign[kind] = found
        return found


def reduce_class(kind: Any, identifier: str, subclasses: list[Any]) -> tuple[Any, ...]:
    """How pickle makes the class again; `subclasses` are made with it."""
    if isinstance(kind, enum.EnumMeta):
        return _enumeration(kind, identifier)
    fields = getattr(kind, "_fields", None)
    if kind.__bases__ == (tuple,) and isinstance(fields, tuple) and hasattr(kind, "_field_defaults"):
        return _named_tuple(kind, identifier, fields)
    meta = type(kind)
    if not _plain_meta(meta):
        raise Refusal(f"the class {kind.__name__} with the metaclass {meta.__name__}", kind)
    body: list[tuple[str, Any]] = [("__qualname__", kind.__qualname__)]
    items: list[tuple[str, Any]] = []
    for name, value in vars(kind).items():
        if name in rebuild.AUTOMATIC or rebuild.own_slot(kind, value):
            continue
        early = name in ("__module__", "__slots__", "__orig_bases__", "__classcell__") or (name == "__doc__" and isinstance(value, str))
        body.append((name, value if early else None))
        items.append((name, value))
    abstract = vars(kind).get("__abstractmethods__")
    state = (items, None if abstract is None else sorted(abstract), _virtual_subclasses(kind), subclasses)
    return (
        rebuild.new_class,
        (identifier, meta, kind.__name__, kind.__bases__, body),
        state,
        None,
        None,
        rebuild.fill_class,
    )


def _plain_meta(meta: Any) -> bool:
    """True when nothing but `type` and ABCMeta keeps state for the classes of this metaclass."""
    for part in meta.__mro__[:-1]:
        if part in (type, abc.ABCMeta) or part.__module__ in ("typing", "typing_extensions"):
            continue
        if part.__module__ != "__main__" and importable(part):
            return False
    return True


def _virtual_subclasses(kind: Any) -> list[Any]:
    if not isinstance(kind, abc.ABCMeta) or "_abc_impl" not in vars(kind):
        return []
    try:
        from _abc import _get_dump  # type: ignore
    except ImportError:  # pragma: no cover
        return []
    found = [reference() for reference in _get_dump(kind)[0]]
    return sorted((item for item in found if item is not None), key=lambda item: (item.__module__, item.__qualname__))


def _named_tuple(kind: Any, identifier: str, fields: tuple[str, ...]) -> tuple[Any, ...]:
    items: list[tuple[str, Any]] = [("__qualname__", kind.__qualname__), ("__doc__", kind.__doc__)]
    for name, value in vars(kind).items():
        if name in _TUPLE_OWN or name in fields:
            continue
        items.append((name, value))
    arguments = (identifier, kind.__name__, fields, dict(kind._field_defaults), kind.__module__)
    return (rebuild.named_tuple, arguments, items, None, None, rebuild.fill_named_tuple)


def _inherited(kind: Any, name: str, value: Any) -> bool:
    """True for what the metaclass copied from a base or from the data type."""
    return any(vars(base).get(name) is value for parent in kind.__bases__ for base in parent.__mro__)


def _enumeration(kind: Any, identifier: str) -> tuple[Any, ...]:
    meta: Any = type(kind)
    if not importable(meta):
        raise Refusal(f"the class {kind.__name__} with the metaclass {meta.__name__}", kind)
    body: list[tuple[str, Any]] = [("__module__", kind.__module__), ("__qualname__", kind.__qualname__)]
    for name in ("__doc__", "_generate_next_value_", "_missing_"):
        if name in vars(kind) and not _inherited(kind, name, vars(kind)[name]):
            body.append((name, vars(kind)[name]))
    methods: list[tuple[str, Any]] = []
    maker = vars(kind).get("__new_member__") or vars(kind).get("_new_member_")
    custom_new = isinstance(getattr(maker, "__func__", maker), types.FunctionType) and not importable(getattr(maker, "__func__", maker))
    if custom_new:
        raise Refusal(f"the class {kind.__name__}, an enumeration with its own __new__", kind)
    for name, value in vars(kind).items():
        if name in _ENUM_OWN or name in kind._member_map_ or _inherited(kind, name, value):
            continue
        if isinstance(value, types.FunctionType) and importable(value):
            continue
        methods.append((name, value))
    body.extend(item for item in methods if not isinstance(item[1], type))
    body.extend((name, member._value_) for name, member in kind.__members__.items())
    options: dict[str, Any] = {}
    boundary = vars(kind).get("_boundary_")
    if boundary is not None and all(getattr(base, "_boundary_", None) is not boundary for base in kind.__bases__):
        options["boundary"] = boundary
    attributes = {name: dict(vars(member)) for name, member in kind._member_map_.items()}
    late = [item for item in methods if isinstance(item[1], type)]
    state = (late, attributes)
    return (
        rebuild.enumeration,
        (identifier, meta, kind.__name__, kind.__bases__, body, options),
        state,
        None,
        None,
        rebuild.fill_enumeration,
    )
