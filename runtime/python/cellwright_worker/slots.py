"""Finds what a cell changed inside libraries: module globals, containers, instances and classes at module level.

Every module's globals are compared, by identity and one level deep, with what they were before the cell. A change that can be
pickled is carried to later tasks as `slot:MODULE:KIND:ATTRIBUTE`; one that cannot keeps the process. What libraries fill for
themselves (caches, lazily imported names) is left out by the rules below.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import io
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from . import guard, module_state
from .container_marks import ContainerMarks
from .mentions import notebook_text
from .module_generators import state_of
from .watched_modules import IGNORED_NAMES, is_watched
from .whence import is_beside

CLASS_BOOKKEEPING = frozenset(
    {
        "__dict__", "__weakref__", "__doc__", "__slotnames__", "__abstractmethods__", "_abc_impl", "__annotations__",
        "__signature__", "__firstlineno__", "__static_attributes__",
    }
)  # fmt: skip
LARGEST_CONTAINER = 5000
PLAIN = (
    int,
    float,
    complex,
    str,
    bytes,
    bool,
    type(None),
    tuple,
    frozenset,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    type,
)

# Functions of compiled code, and what describes types and modules: libraries note things on them when they are first used.
FUNCTION_LIKE = frozenset(
    {
        "ufunc", "fortran", "_ArrayFunctionDispatcher", "cython_function_or_method", "fused_cython_function", "_lru_cache_wrapper",
        "partial", "SourceFileLoader", "ExtensionFileLoader", "_Feature",
    }
)  # fmt: skip


_CONSTANT = (int, float, complex, str, bytes, bool, type(None))
_CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, staticmethod, classmethod, property)


class _Watch:
    """One dict, list or set at module level: its holder and what it held."""

    __slots__ = ("attribute", "content", "held", "kind", "table", "value")

    def __init__(self, kind: str, attribute: str, value: Any, table: Any) -> None:
        self.kind = kind
        self.attribute = attribute
        self.value = value
        self.table = table
        self.held: Any = dict(table) if isinstance(table, dict) else list(table)
        # Digest of all that it reaches, for what is looked at in depth.
        self.content: str | None = None

    def differs(self) -> bool:
        """True when it holds other objects, or in another order, than before."""
        if isinstance(self.table, dict):
            return True
        return list(map(id, self.table)) != list(map(id, self.held))

    def changed_keys(self) -> list[Any]:
        """Keys of a dict that are new or hold another object, or new items; None marks removed ones."""
        if not isinstance(self.table, dict):
            before = set(map(id, self.held))
            fresh = [item for item in self.table if id(item) not in before]
            return fresh + [None] * (len(self.held) + len(fresh) - len(self.table)) or [None]
        keys = [key for key, item in self.table.items() if key not in self.held or self.held[key] is not item]
        return keys + [None for key in self.held if key not in self.table]

    def data(self) -> Any:
        """What it holds, less the functions and classes."""
        if self.kind == "hidden":
            return module_state.kept_by(self.value)
        if self.kind == "instance":
            return {"": self.value}
        if self.kind != "class":
            return _plain_copy(self.table)
        return {key: value for key, value in self.table.items() if not isinstance(value, _CODE) and key not in CLASS_BOOKKEEPING}


def _watches(module: types.ModuleType) -> list[_Watch]:
    """A module's globals and everything one level inside them."""
    name = module.__name__
    found = [_Watch("global", "", module, vars(module))]
    for attribute, value in list(vars(module).items()):
        if attribute in IGNORED_NAMES or attribute == "__all__":
            continue
        kind = type(value)
        if isinstance(value, (dict, list, set)) and "__main__" not in (kind.__module__, name):
            if len(value) <= LARGEST_CONTAINER:
                found.append(_Watch("content", attribute, value, value))
        elif isinstance(value, type):
            if value.__module__ == name:
                table = gc.get_referents(vars(value))[0]
                if type(table) is dict:
                    found.append(_Watch("class", attribute, value, table))
                    found.extend(_inner(attribute, table))
        elif _keeps_state(value):
            table = getattr(value, "__dict__", None)
            if type(table) is dict and len(table) <= LARGEST_CONTAINER:
                found.append(_Watch("instance", attribute, value, table))
                found.extend(_inner(attribute, table))
    return found


def _inner(owner: str, table: dict[str, Any]) -> Iterator[_Watch]:
    """Tables of a class or of an instance, such as those where functions are registered by type."""
    for name, value in table.items():
        if isinstance(value, (dict, list, set)) and name not in CLASS_BOOKKEEPING and len(value) <= LARGEST_CONTAINER:
            yield _Watch("inner", f"{owner}.{name}", value, value)


def _keeps_state(value: Any) -> bool:
    """True for an instance whose attributes are worth watching. A stream (`from sys import stdout`) is this process's own."""
    kind = type(value)
    # By its type: an abstract class asks for `__class__`, which a library of C functions (cffi) does not have.
    if isinstance(value, PLAIN) or issubclass(kind, io.IOBase) or kind.__name__ in FUNCTION_LIKE:
        return False
    return bool(kind.__module__ != "typing")


def _other_objects(module: types.ModuleType, watches: list[_Watch]) -> list[_Watch]:
    """Arrays, queues and whatever else has no dict."""
    known = {watch.attribute for watch in watches}
    items = [(name, value) for name, value in vars(module).items() if name not in known and name not in IGNORED_NAMES]
    items = [(name, value) for name, value in items if not isinstance(value, PLAIN) and not name.startswith("__")]
    return [_Watch("object", name, value, {"": value}) for name, value in items]


def _lazy(module: str, attribute: str, value: Any, before: Any) -> bool:
    """Names that a package fills in by itself on first use; putting another thing in place of one is somebody's wish."""
    lowered = attribute.lower()
    if "cache" in lowered or ("registry" in lowered and attribute.startswith("__")):
        return True
    if before is not None:
        return False
    return isinstance(value, types.ModuleType) or _made_by(module, value)


def _made_by(module: str, value: Any) -> bool:
    """True for classes and functions of the package that `module` is in."""
    home = getattr(value, "__module__", None)
    kinds = (type, types.FunctionType, types.BuiltinFunctionType)
    same = isinstance(home, str) and home.partition(".")[0] == module.partition(".")[0]
    return same and (isinstance(value, kinds) or type(value).__name__ == "_ArrayFunctionDispatcher")


def _found_in_library(table: Any, key: Any) -> bool:
    """True for a function in C that was asked for by its name (`_lib.predict`), and of which nobody has said how it is called."""
    ctypes: Any = sys.modules.get("ctypes")
    value = table.get(key) if isinstance(table, dict) and ctypes is not None else None
    return value is not None and isinstance(value, ctypes._CFuncPtr) and value.argtypes is None and value.restype is ctypes.c_int


def _registered_by_itself(module: str, watch: _Watch, key: Any) -> bool:
    """True for a new entry that a package put into its own table while another of its modules was imported."""
    if key is None:
        return False
    if not isinstance(watch.table, dict):
        return _made_by(module, key)
    return key not in watch.held and _made_by(module, watch.table[key])


def _has_own(table: Any) -> bool:
    """True where a container has functions of the notebook, which a variable may have as well."""
    items = table.values() if isinstance(table, dict) else table
    return any(isinstance(item, types.FunctionType) and item.__module__ == "__main__" for item in items)


def _plain_copy(table: Any) -> Any:
    """The items of a container, whatever class it has."""
    return dict(table) if isinstance(table, dict) else list(table) if isinstance(table, list) else set(table)


_BLOCK = 256


class _Baseline:
    """Watches that were taken at one moment, with cheap marks of some of them together."""

    def __init__(self, watches: list[tuple[str, _Watch]]) -> None:
        """`watches` come with the names of their modules."""
        dicts = [item for item in watches if isinstance(item[1].table, dict)]
        plain = [item for item in watches if type(item[1].table) in (list, set)]
        others = [item for item in watches if not isinstance(item[1].table, dict) and type(item[1].table) not in (list, set)]
        blocks = [items[start : start + _BLOCK] for items in (dicts, plain, others) for start in range(0, len(items), _BLOCK)]
        self._blocks = [(block, ContainerMarks([watch.table for _, watch in block])) for block in blocks]

    def touched(self) -> list[tuple[str, _Watch]]:
        """Those that may have changed; a second look decides."""
        return [block[place] for block, marks in self._blocks for place in marks.written()]


class Slots:
    """The baselines of all modules of this process."""

    def __init__(self) -> None:
        # Gives a digest of all that a value reaches, or None, where `itself` is not written by its name; set with the codec.
        self.digest: Callable[[Any, Any], str | None] = lambda value, itself: None
        self.need_one_process: Callable[[str], None] = lambda reason: None
        self._last_touched: list[tuple[str, _Watch]] = []
        # Slots that came from earlier tasks.
        self.restored: set[str] = set()
        # Slots that no longer count, because the object that they were changes of was replaced.
        self.superseded: set[str] = set()
        # Module and attribute → what was there before a slot was restored.
        self.replaced: dict[tuple[str, str], Any] = {}
        # Made once the streams are this program's.
        self._globals: dict[str, dict[str, Any]] = {"sys": {"stdout": sys.stdout, "stderr": sys.stderr}}
        self._deep: dict[str, list[_Watch]] = {}
        # Module beside the notebook → digest of what it held when it had been imported.
        self._loaded_as: dict[str, str] = {}
        # Module → what it holds that no store can have.
        self._opaque: dict[str, str] = {}
        # What `changes` has seen in them that cannot be carried to another process.
        self._kept: list[str] = []
        self._baselines: list[_Baseline] = []
        # Module → the baseline that counts for it; None when it is not watched.
        self._current: dict[str, _Baseline | None] = {}
        self._seen = 0
        self._statement: object = None
        self._fresh: set[str] = set()

    def observe_new(self) -> None:
        """Take the baseline of modules that have none."""
        if len(sys.modules) == self._seen:
            return
        self.rebase([name for name in list(sys.modules) if name not in self._current])
        self._seen = len(sys.modules)

    def observe_statement(self, statement: object) -> None:
        """Take the baselines of what an import statement has loaded so far; a package may still be changed by its own modules."""
        if statement != self._statement:
            self._statement, self._fresh = statement, set()
        self._fresh.update(name for name in list(sys.modules) if name not in self._current)
        self.rebase(sorted(self._fresh))
        self._seen = len(sys.modules)

    def rebase(self, names: Iterable[str]) -> None:
        """Take the baselines of modules again."""
        found: list[tuple[str, _Watch]] = []
        for name in names:
            module = sys.modules.get(name)
            self._current[name] = None
            self._deep.pop(name, None)
            if type(module) is types.ModuleType and (is_watched(name) or guard.guarded(name)):
                watches = _watches(module)
                self._globals.setdefault(name, watches[0].held)
                found.extend((name, watch) for watch in watches)
                if is_watched(name) and is_beside(module):
                    self._look_into(name, watches)
        if found:
            baseline = _Baseline(found)
            self._current.update((name, baseline) for name, _ in found)
            self._baselines.append(baseline)

    def changes(self) -> dict[str, Any]:
        """Slot name → what it holds now, for every change since the baselines."""
        found: dict[str, Any] = {}
        self.superseded.clear()
        self._kept.clear()
        self._last_touched = list(self._touched())
        for name, watch in self._last_touched:
            if is_watched(name) and watch.kind != "inner":
                self._describe(name, watch, found)
        for name, watches in self._deep.items():
            for watch in watches:
                if watch.content != self.digest(watch.data(), watch.value):
                    self._describe_deeply(name, watch, found)
        return found

    def _look_into(self, name: str, watches: list[_Watch]) -> None:
        """A module beside the notebook is the notebook's own: all that it holds is looked at, however deep."""
        module = sys.modules[name]
        self._deep[name] = []
        self._opaque.pop(name, None)
        hidden = [_Watch("hidden", where, function, {"": function}) for where, function in module_state.hidden_in(module)]
        for watch in [*watches, *_other_objects(module, watches), *hidden]:
            if watch.kind != "global" and state_of(watch.value) is None:
                watch.content = self.digest(watch.data(), watch.value)
                if watch.content is not None:
                    self._deep[name].append(watch)
                elif not module_state.is_harmless(watch.value):
                    self._opaque[name] = watch.attribute
        if name not in self._loaded_as:
            constants = {key: value for key, value in vars(module).items() if isinstance(value, _CONSTANT) and key not in IGNORED_NAMES}
            contents = sorted(f"{watch.attribute}={watch.content}" for watch in self._deep[name])
            self._loaded_as[name] = hashlib.sha256("\n".join([repr(sorted(constants.items())), *contents]).encode()).hexdigest()

    def loaded_as(self, name: str) -> str:
        """Digest of what a module beside the notebook held when it had been imported; empty for one that is not looked into."""
        if name not in self._current:
            self.rebase([name])
        return self._loaded_as.get(name, "")

    def local_values(self) -> dict[str, Any]:
        """What modules beside the notebook hold, by its name there."""
        found = ((name, watch) for name, watches in self._deep.items() for watch in watches if watch.kind != "hidden")
        return {f"{name}.{watch.attribute}": watch.data() for name, watch in found}

    def _describe_deeply(self, name: str, watch: _Watch, found: dict[str, Any]) -> None:
        slot = f"slot:{name}:{watch.kind}:{watch.attribute}"
        if watch.kind == "hidden":
            self._kept.append(f"{name}.{watch.attribute}, which keeps what it is given")
            return
        if getattr(sys.modules.get(name), watch.attribute, None) is not watch.value:
            return  # The name was bound again.
        if (watch.kind == "instance" and not module_state.can_be_filled(watch.value)) or _has_own(watch.table):
            self._kept.append(f"{name}.{watch.attribute}, which was changed")
            return
        if watch.kind == "class":
            found.update({f"{slot}.{key}": ("set", value) for key, value in watch.data().items()})
        elif watch.kind == "object":
            found[f"slot:{name}:global:{watch.attribute}"] = ("set", watch.value)
        else:
            self._set(name, watch, found)

    def _set(self, name: str, watch: _Watch, found: dict[str, Any]) -> None:
        """The whole content; of an object that has replaced the library's own, the object."""
        whole = f"slot:{name}:global:{watch.attribute}"
        if whole in self.restored:
            found[whole] = ("set", watch.value)
        else:
            found[f"slot:{name}:{watch.kind}:{watch.attribute}"] = ("set", _plain_copy(watch.table))

    def original(self, name: str, attribute: str) -> Any:
        """What a module had under a name before the notebook put another thing there; None when it did not."""
        known = self.replaced.get((name, attribute))
        if known is not None:
            return known
        held = self._globals.get(name, {}).get(attribute)
        return None if held is vars(sys.modules[name]).get(attribute) else held

    def restore(self, slot: str, value: Any) -> None:
        """Put a change of an earlier task into this process."""
        _, name, kind, attribute = slot.split(":", 3)
        if kind == "global":
            module = sys.modules.get(name) or importlib.import_module(name)
            self.replaced.setdefault((name, attribute), vars(module).get(attribute))
        self.restored.add(slot)
        restore(slot, value)

    def stuck(self) -> str:
        """What only this process can have, of what `changes` has just seen; empty when there is nothing."""
        opaque = next((f"{name}.{attribute}, which no store can have" for name, attribute in self._opaque.items()), "")
        if self._kept or opaque:
            return self._kept[0] if self._kept else opaque
        guarded = ((name, watch) for name, watch in self._last_touched if watch.kind == "inner" or not is_watched(name))
        reasons = (guard.reason(name, watch, notebook_text.mentions) for name, watch in guarded)
        return next((f"{reason}, which was changed" for reason in reasons if reason), "")

    def touched_modules(self) -> set[str]:
        """Modules that are not as their baselines say."""
        return {name for name, _ in self._touched()}

    def _touched(self) -> Iterator[tuple[str, _Watch]]:
        for baseline in self._baselines:
            yield from (item for item in baseline.touched() if self._current[item[0]] is baseline and item[1].differs())

    def _describe(self, name: str, watch: _Watch, found: dict[str, Any]) -> None:
        if watch.content is not None and watch.kind != "class":
            return
        local = name in self._deep
        if "cache" in watch.attribute.lower() and not local:
            return
        slot = f"slot:{name}:{watch.kind}:{watch.attribute}"
        if watch.kind == "content":
            keys = watch.changed_keys()
            if keys and not all(_registered_by_itself(name, watch, key) for key in keys):
                self._set(name, watch, found)
            return
        keys = [key for key in watch.changed_keys() if local or not (isinstance(key, str) and "cache" in key.lower())]
        keys = [key for key in keys if key is None or not _found_in_library(watch.table, key)]
        if watch.kind == "global":
            self._rebound(name, watch, keys, found)
        elif watch.kind == "class":
            for key in keys:
                if key is not None and key not in CLASS_BOOKKEEPING and key not in IGNORED_NAMES:
                    self._keep_replaced(name, f"{watch.attribute}.{key}", watch.held.get(key))
                    found[f"{slot}.{key}"] = ("set", watch.table[key])
        elif keys:
            self._set(name, watch, found)

    def _keep_replaced(self, name: str, attribute: str, before: Any) -> None:
        """Variables that have what was there refer to it by its name in the module, which now stands for something else."""
        if name in self._deep and not isinstance(before, PLAIN):
            self.need_one_process(f"{name}.{attribute} was put in the place of another")

    def _rebound(self, name: str, watch: _Watch, keys: list[Any], found: dict[str, Any]) -> None:
        for attribute in keys:
            if attribute is None or attribute in IGNORED_NAMES:
                continue
            value = watch.table[attribute]
            before = watch.held.get(attribute)
            if _lazy(name, attribute, value, before) and (name not in self._deep or isinstance(value, types.ModuleType)):
                continue
            if type(value) is type(before) and type(value) in (int, float, str, bool) and value == before:
                continue
            self._keep_replaced(name, attribute, before)
            found[f"slot:{name}:global:{attribute}"] = ("set", value)
            # What was in the object that is no longer there.
            inner = (f"slot:{name}:{kind}:{attribute}" for kind in ("content", "instance"))
            self.superseded.update(slot for slot in inner if slot in self.restored)
        for attribute in watch.held:
            if attribute not in watch.table and attribute not in IGNORED_NAMES:
                found[f"slot:{name}:global:{attribute}"] = ("delete", None)


def restore(slot: str, value: Any) -> None:
    """Put a change of an earlier task into this process."""
    _, name, kind, attribute = slot.split(":", 3)
    module = sys.modules.get(name) or importlib.import_module(name)
    action, content = value
    if kind == "global":
        if action == "delete":
            vars(module).pop(attribute, None)
        else:
            setattr(module, attribute, content)
        return
    if kind == "class":
        owner, _, key = attribute.partition(".")
        setattr(getattr(module, owner), key, content)
        return
    target = getattr(module, attribute)
    if kind == "instance":
        vars(target).clear()
        vars(target).update(content)
    elif isinstance(target, dict):
        for key in [key for key in target if key not in content]:
            del target[key]
        for key, item in content.items():
            if key not in target or target[key] is not item:
                target[key] = item
    elif isinstance(target, set):
        target.clear()
        target.update(content)
    else:
        target[:] = content
