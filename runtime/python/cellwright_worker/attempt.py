"""One attempt at a task: load what it needs, run the cell, observe what it did, store what others may need."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import gc
import os
import random
import resource
import sys
import time
import types
from typing import Any

from . import observe, sizes, slots, state
from . import shell as shell_module
from .channel import Channel, Disconnected, Message
from .codec import Codec, ValueRef
from .namespace import FaultingBuiltins, watch_imports

_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("__"))
_IMPLICIT = ("state:", "slot:", "def:")
_HISTORY = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "In", "Out", "_exit_code", "__warningregistry__"})


def _is_history(name: str) -> bool:
    return name in _HISTORY or (name.startswith("_") and name.lstrip("_i").isdigit())


class Attempt:
    """A child of the warm parent; it runs one task, and more when it holds values that cannot leave it."""

    def __init__(
        self,
        channel: Channel,
        shell: Any,
        codec: Codec,
        observer: observe.Observer,
        hidden: set[str],
        known: slots.Slots,
        sources: shell_module.CellSources,
    ) -> None:
        """`hidden` are the names of IPython's own namespace; `known` are the parent's baselines."""
        self._sources = sources
        self._channel = channel
        self._shell = shell
        self._codec = codec
        self._observer = observer
        self._hidden = {name: shell.user_ns[name] for name in hidden if name in shell.user_ns}
        self._namespace: dict[str, Any] = shell.user_ns
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._slots = known
        self._builtins = FaultingBuiltins(self._namespace, self._fault)
        watch_imports(self._namespace, self._slots.observe_statement)
        self._namespace["__builtins__"] = self._builtins
        self._state = state.HiddenState(shell, self._loop)
        self._loaded: dict[str, tuple[ValueRef, Any]] = {}
        self._reads: dict[str, str] = {}
        self._backlog: list[Message] = []
        self._history: list[str] = []
        self._variables: list[str] = []
        self._lane = False
        # Identities of what the values reach that were loaded when `_loaded` had `_loaded_then` entries.
        self._loaded_then = 0
        self._stored: set[int] = set()
        observer.permit = self._ask_permit
        observer.before_fork = self._load_everything
        sizes.watch.came_from_store = self._came_from_store
        sizes.watch.need_one_process = self._need_one_process
        shell_module.messages.emit = self._emit

    def warm_up(self) -> None:
        """Look once at all that is looked at around a cell: the pages that this copies are not copied while a task waits."""
        self._capture()
        self._slots.changes()

    def serve(self) -> None:
        """Run what the scheduler sends until it says exit."""
        while True:
            message = self._backlog.pop(0) if self._backlog else self._channel.receive()
            if message["type"] == "run":
                self._channel.send({"type": "done", "result": self._run(message)})
            elif message["type"] == "exit":
                return

    # Talking to the scheduler while the cell runs.

    def _emit(self, output: dict[str, Any]) -> None:
        if not self._channel.foreign:
            self._channel.send({"type": "output", "output": output})

    def _wait_for(self, kind: str) -> Message:
        while True:
            message = self._channel.receive()
            if message["type"] == kind:
                return message
            if message["type"] == "exit":
                os._exit(0)
            self._backlog.append(message)

    def _ask_permit(self, reason: str, detail: str) -> None:
        if self._channel.foreign:
            return
        shell_module.messages.flush()
        so_far = {"reads": dict(self._reads), "shadowed": self._shadowed, "filesRead": self._observer.reads()}
        self._channel.send({"type": "effect", "reason": reason, "detail": detail, **so_far})
        try:
            self._variables = self._wait_for("permit")["variables"]
        except Disconnected:
            os._exit(0)

    def _load_everything(self) -> None:
        """Before a fork: the child may read any variable, and it cannot ask for one."""
        for name in self._variables:
            if name not in self._namespace:
                self._fault(name)

    def _came_from_store(self, value: Any) -> bool:
        if self._lane or not self._loaded:
            return False
        if len(self._loaded) != self._loaded_then:
            self._loaded_then = len(self._loaded)
            self._stored = _reachable([value for _, value in self._loaded.values()])
        return id(value) in self._stored

    def _need_one_process(self, reason: str) -> None:
        """The scheduler starts all cells again in one process and ends this one."""
        self._channel.send({"type": "one-process", "reason": reason})
        with contextlib.suppress(Disconnected):
            self._wait_for("permit")
        os._exit(0)

    def _fault(self, name: str) -> bool:
        """A name that the process does not have: ask, load, and say whether it exists."""
        if self._lane or self._channel.foreign or _is_history(name) or name in self._loaded:
            return name in self._namespace
        if name.startswith("__") and name.endswith("__"):
            return False
        active, self._observer.active = self._observer.active, False
        try:
            self._channel.send({"type": "need", "name": name, "companion": False})
            binding = self._wait_for("binding")["binding"]
            return self._bind(name, binding)
        finally:
            self._observer.active = active

    def _bind(self, name: str, binding: dict[str, Any]) -> bool:
        if binding["kind"] != "value":
            self._reads.setdefault(name, "absent")
            return False
        reference = ValueRef(**binding["ref"])
        members = self._load(reference)
        self._reads[name] = reference.content
        self._take(name, reference, members[reference.member])
        for other in members:
            if other not in self._loaded:
                self._take_companion(other, reference.object, members)
        return True

    def _take_companion(self, name: str, group: str, members: dict[str, Any]) -> None:
        """A variable that shares objects with one that was loaded is here too, if it still has that value."""
        self._channel.send({"type": "need", "name": name, "companion": True})
        binding = self._wait_for("binding")["binding"]
        has_value = binding["kind"] == "value"
        self._companions_then[name] = binding["ref"]["content"] if has_value else binding["kind"]
        taken = name in self._namespace and name not in self._hidden
        if not taken and has_value and binding["ref"]["object"] == group:
            self._take(name, ValueRef(**binding["ref"]), members[name])

    def _take(self, name: str, reference: ValueRef, value: Any) -> None:
        self._loaded[name] = (reference, value)
        if not name.startswith(_IMPLICIT):
            self._namespace[name] = value

    def _load(self, reference: ValueRef) -> dict[str, Any]:
        """The members of a group; a group that is here already is not loaded again, so identity holds."""
        for _name, (other, value) in self._loaded.items():
            if other.object == reference.object and other.member == reference.member:
                return {reference.member: value}
        group = self._groups.get(reference.object)
        if group is None:
            with shell_module.messages.muted():
                group, together = self._codec.load(reference)
            if together:
                self._groups[reference.object] = group
        return group

    def resolve_definition(self, name: str) -> Any:
        """A class of the notebook that a value refers to, loaded from its own object."""
        if name not in self._loaded and not self._fault(name):
            raise LookupError(f"no definition {name}")
        return self._loaded[name][1]

    # One task.

    def _run(self, message: Message) -> Message:
        self._lane = bool(message.get("lane"))
        self._reads = {}
        # States of random generators count as read only when the task drew from them.
        self._generators: dict[str, str] = {}
        self._groups: dict[str, dict[str, Any]] = {}
        self._loaded_then, self._stored = 0, set()
        # What the other variables of a loaded group were when it was loaded.
        self._companions_then: dict[str, str] = {}
        self._codec.task = message["task"]
        self._variables = message["variables"]
        self._evict(set(message["keep"]), self._lane)
        self._shadowed: list[str] = message["shadowedBuiltins"]
        self._builtins.shadow(self._shadowed)
        self._history = list(message["inputHistory"])
        self._prepare_history(message["executionCount"])
        if not self._lane:
            self._preload(message["preload"])
        self._slots.observe_new()
        before = {} if self._lane else self._capture()[0]
        modules = set(sys.modules)
        started = time.perf_counter()
        self._sources.seen.clear()
        self._observer.start(bool(message["head"]))
        try:
            ok = shell_module.run_cell(self._shell, self._loop, message["source"])
        finally:
            self._observer.stop()
        seconds = time.perf_counter() - started
        result: Message = {
            "status": "ok" if ok else "error",
            "reads": self._reads,
            "writes": {},
            "shadowed": self._shadowed,
            "shadows": [],
            "deletes": [],
            "held": {},
            "unsaved": [],
            "filesRead": self._observer.reads(),
            "filesWritten": sorted(self._observer.written),
            "outside": sorted(self._observer.outside),
            "sources": sorted(self._sources.seen),
            "imported": [name for name in sys.modules if name not in modules and slots.installed(name)],
            "seconds": seconds,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        if not self._lane:
            self._conclude(result, before, message["exposes"])
        return result

    def _evict(self, keep: set[str], everything: bool) -> None:
        if everything or "*" in keep:
            return
        for name in list(self._namespace):
            if name in keep or (name in self._hidden and self._namespace[name] is self._hidden[name]) or _is_history(name):
                continue
            if name not in (
                "__builtins__",
                "__builtin__",
                "__name__",
                "__doc__",
                "__loader__",
                "__package__",
                "__spec__",
            ):
                del self._namespace[name]
        self._loaded = {name: entry for name, entry in self._loaded.items() if name in keep or name.startswith("def:")}

    def _prepare_history(self, count: int) -> None:
        self._shell.execution_count = count
        self._shell.history_manager.input_hist_raw = ["", *self._history]
        self._shell.history_manager.input_hist_parsed = ["", *self._history]
        self._shell.user_ns["In"] = self._shell.user_ns["_ih"] = self._shell.history_manager.input_hist_parsed

    def _preload(self, bindings: dict[str, Any]) -> None:
        order = sorted(
            bindings,
            key=lambda name: (
                not name.startswith("def:"),
                not name.startswith("state:sys.path"),
                not name.startswith(("state:", "slot:")),
                name,
            ),
        )
        touched: set[str] = set()
        for name in order:
            binding = bindings[name]
            if name.startswith(("state:", "slot:")):
                if binding["kind"] == "value":
                    reference = ValueRef(**binding["ref"])
                    (self._generators if name.endswith("random") else self._reads)[name] = reference.content
                    value = self._load(reference)[reference.member]
                    if name.startswith("state:"):
                        self._state.by_name[name].restore(value)
                    else:
                        slots.restore(name, value)
                        touched.add(name.split(":", 3)[1])
            elif name not in self._loaded:
                self._bind(name, binding)
        if touched:
            self._slots.rebase(touched)

    # Observation after the cell.

    def _capture(self) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        stuck: dict[str, str] = {}
        for component in self._state.components:
            try:
                value = component.capture()
            except state.Stuck as reason:
                stuck[component.name] = str(reason)
                continue
            if value is not None:
                values[component.name] = value
        return values, stuck

    def _conclude(self, result: Message, before: dict[str, Any], exposes: Any) -> None:
        gc_was = gc.isenabled()
        gc.disable()
        try:
            with shell_module.messages.muted():
                self._conclude_state(result, before)
                self._conclude_variables(result, exposes)
        finally:
            if gc_was:
                gc.enable()

    def _conclude_state(self, result: Message, before: dict[str, Any]) -> None:
        after, stuck = self._capture()
        result["held"].update(stuck)
        changed = {name: value for name, value in after.items() if name not in before or not _same(before[name], value)}
        for name in changed:
            if name.endswith(".random") or name == "state:random":
                result["reads"][name] = self._generators.get(name, "absent")
        changed.update(self._slots.changes())
        for name, value in changed.items():
            dumped = self._codec.dump({name: value})
            if name in dumped.refs:
                result["writes"][name] = {"ref": _ref(dumped.refs[name]), "same": False, "how": "bind"}
            else:
                result["held"][name] = dumped.unstorable.get(name, "cannot be stored")

    def _tracked(self) -> dict[str, Any]:
        tracked: dict[str, Any] = {}
        for name, value in self._namespace.items():
            if (name in self._hidden and self._hidden[name] is value) or _is_history(name):
                continue
            if name in ("__builtins__", "__builtin__"):
                continue
            tracked[name] = value
        return tracked

    def _conclude_variables(self, result: Message, exposes: Any) -> None:
        tracked = self._tracked()
        result["deletes"] = sorted(name for name in self._loaded if not name.startswith(_IMPLICIT) and name not in tracked)
        bound = {n for n, v in tracked.items() if n not in self._loaded or self._loaded[n][1] is not v}
        result["shadows"] = sorted(name for name in tracked if name in _BUILTINS)
        wanted = bound if exposes == "*" else {name for name in bound if name in set(exposes)}
        result["unsaved"] = sorted(bound - wanted)
        values = {name: tracked[name] for name in tracked if name in wanted or name not in bound}
        for name, (_, value) in self._loaded.items():
            if name.startswith("def:"):
                values[name] = value
        self._store(result, values, bound)

    def _store(self, result: Message, values: dict[str, Any], bound: set[str]) -> None:
        if not values:
            return
        pending = values
        while pending:
            dumped = self._codec.dump(pending)
            for name, reason in dumped.unstorable.items():
                result["held"][name] = reason
            for name, reference in dumped.refs.items():
                loaded = self._loaded.get(name)
                same = loaded is not None and name not in bound and loaded[0].content == reference.content
                if same and loaded is not None and loaded[0] == reference:
                    continue
                if same and loaded is not None and self._same_company(name, reference, dumped.refs):
                    continue
                how = "bind" if name in bound or loaded is None else "mutate"
                result["writes"][name] = {"ref": _ref(reference), "same": same, "how": how}
                if same and loaded is not None:
                    result["reads"].setdefault(name, loaded[0].content)
                if how == "mutate" and not same:
                    self._companions(result, name)
            pending = {name: value for name, value in dumped.definitions.items() if name not in values and name not in pending}
            values = {**values, **pending}
        self._spread_holding(result, values)

    def _same_company(self, name: str, reference: ValueRef, refs: dict[str, ValueRef]) -> bool:
        """True when the variable shares its object with no other variable, as before."""
        before = self._loaded[name][0].object
        now = {other for other, ref in refs.items() if ref.object == reference.object}
        was = {other for other, (ref, _) in self._loaded.items() if ref.object == before}
        return now <= was

    def _companions(self, result: Message, name: str) -> None:
        """A mutation reaches all that share the object, so what they were, or that they no longer shared it, was read."""
        group = self._loaded[name][0].object
        for other, (reference, _) in self._loaded.items():
            if reference.object == group:
                result["reads"].setdefault(other, reference.content)
        for other in self._groups.get(group, ()):
            if other in self._companions_then:
                result["reads"].setdefault(other, self._companions_then[other])

    def _spread_holding(self, result: Message, values: dict[str, Any]) -> None:
        """Variables that share mutable objects with one that cannot leave must stay with it."""
        held = [name for name in result["held"] if name in values]
        if not held:
            return
        inside = _reachable([values[name] for name in held])
        for name, value in values.items():
            if name in result["held"] or name.startswith("def:"):
                continue
            if _reachable([value]) & inside:
                result["held"][name] = f"shares objects with {held[0]}"
                result["writes"].pop(name, None)


def _ref(reference: ValueRef) -> dict[str, str]:
    return {"object": reference.object, "member": reference.member, "content": reference.content}


def _same(left: Any, right: Any) -> bool:
    try:
        return _freeze(left) == _freeze(right)
    except Exception:  # noqa: BLE001  (a value that cannot be compared counts as changed)
        return False


def _freeze(value: Any) -> Any:
    """Nested containers with arrays turned to bytes, for comparison; dict order counts for nothing here."""
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_freeze(item) for item in value]
    tobytes = getattr(value, "tobytes", None)
    if tobytes is not None and not isinstance(value, (bytes, bytearray)):
        return (str(getattr(value, "dtype", "")), tobytes())
    return repr(value) if type(value).__name__ == "Context" else value


_OPAQUE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
)


def _reachable(roots: list[Any], limit: int = 200_000) -> set[int]:
    """Identities of the mutable objects that can be reached from `roots`; functions and classes are not entered."""
    seen: set[int] = set()
    found: set[int] = set()
    queue = list(roots)
    while queue and len(seen) < limit:
        item = queue.pop()
        if id(item) in seen or isinstance(item, _OPAQUE):
            continue
        seen.add(id(item))
        if not isinstance(item, (tuple, frozenset)):
            found.add(id(item))
        if isinstance(item, dict) and "__builtins__" in item:
            found.discard(id(item))
            continue
        queue.extend(gc.get_referents(item))
    return found


def start(
    channel: Channel,
    shell: Any,
    codec: Codec,
    observer: observe.Observer,
    hidden: set[str],
    seeds: dict[str, Any],
    known: slots.Slots,
    sources: shell_module.CellSources,
) -> None:
    """Set a fresh child up and serve; `seeds` undo what a fork does to random generators."""
    if "random" in seeds:
        random.setstate(seeds["random"])
    for stream in shell_module.messages.streams:
        stream.capture()
    attempt: Attempt | None = None
    try:
        attempt = Attempt(channel, shell, codec, observer, hidden, known, sources)
        codec.resolve_definition = attempt.resolve_definition
        attempt.warm_up()
        attempt.serve()
    except Disconnected:
        pass
