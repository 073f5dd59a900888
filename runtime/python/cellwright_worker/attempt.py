"""One attempt at a task: load what it needs, run the cell, observe what it did, store what others may need."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import contextvars
import gc
import os
import random
import sys
from typing import Any, Callable, Protocol

from . import interpreter, lane, observe, prelude, sizes, slots, state, variables
from . import shell as shell_module
from .cell_sources import CellSources
from .channel import Channel, Disconnected, Message
from .codec import Codec, DumpResult, ValueRef
from .component import Stuck, is_quiet, same_state, touches
from .conversation import Conversation
from .history import is_history, prepare_history
from .identities import Identities
from .imports import CellImports
from .keeper import Arrival, Arrivals, Keeper, as_message, farewells, results_among
from .loading_order import loading_order
from .local_modules import LocalModules
from .measure import Surroundings, measure
from .meter import Meter
from .namespace import FaultingBuiltins, follow_main, leave_main, watch_imports
from .reach import reachable
from .reached import reached
from .time_limit import TimeLimit
from .whence import acts_on_shell, installed

_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("__"))
_HIDDEN = ("state:", "slot:")
_IMPLICIT = ("state:", "slot:", "def:")
# States that only their process has, and that change no variable of themselves.
_APART = frozenset({"state:figures", "state:farewells", "state:ties"})
_OF_MODULES = frozenset({"__builtins__", "__builtin__", "__name__", "__doc__", "__loader__", "__package__", "__spec__"})


class Stage(Protocol):
    """A warm parent, as its children see it."""

    configuration: dict[str, Any]
    shell: Any
    codec: Codec
    observer: observe.Observer
    # Names of IPython's own namespace.
    hidden: set[str]
    # The baselines of modules.
    known: slots.Slots
    sources: CellSources
    # Installed modules that show something when they are imported.
    noisy: list[str]
    # The state of `random` before the fork.
    seeds: Any


class Attempt:
    """A child of the warm parent; it runs one task, and more when it holds values that cannot leave it."""

    def __init__(self, channel: Channel, stage: Stage) -> None:
        """`stage` is the warm parent that this process was forked from."""
        shell, codec, observer = stage.shell, stage.codec, stage.observer
        self._sources = stage.sources
        self._cells: list[tuple[int, str, str]] = stage.configuration["cells"]
        self._talk = Conversation(channel)
        self._limit = TimeLimit(self._talk.tell, self._sources.digests.__contains__)
        self._shell = shell
        self._codec = codec
        self._observer = observer
        self._hidden = {name: shell.user_ns[name] for name in stage.hidden if name in shell.user_ns}
        self._namespace: dict[str, Any] = shell.user_ns
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._slots = stage.known
        self._builtins = FaultingBuiltins(self._namespace, self._fault)
        self._modules = LocalModules(stage, self._ask_permit, self._need_one_process)
        self._builtins.follow()
        self._identities = Identities()
        dict.__setitem__(self._builtins, "id", self._identities.function)
        follow_main(shell.user_module, self._builtins, self._list_everything)
        self._namespace["__builtins__"] = self._builtins
        self._context = contextvars.copy_context()
        # From 3.11 on a cell can run in the very context of the cell before it.
        self._within: Callable[..., Any] = self._context.run if sys.version_info >= (3, 11) else lambda do, *given: do(*given)
        self._state = state.HiddenState(shell, self._loop, self._need_one_process, self._modules)
        self._imports = CellImports(self._slots, self._state, self._modules.note)
        watch_imports(self._namespace, self._imports)
        self._slots.digest = codec.digest
        codec.know_originals(self._slots.original)
        self._arrived = Arrivals()
        self._reads: dict[str, str] = {}
        self._variables: list[str] = []
        self._lane = False
        self._touched: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        # Hidden state of this process: name → the content that it has now.
        self._present: dict[str, str] = {}
        self._every_name: list[str] = []
        self._loaded_then, self._stored = 0, set[int]()  # What the values reach that were loaded when there were so many.
        observer.permit, observer.before_fork, need = self._ask_permit, self._load_everything, self._need_one_process
        observer.native.need_one_process = sizes.watch.need_one_process = codec.registry.need_one_process = need
        sizes.watch.came_from_store = self._came_from_store
        shell_module.messages.emit = self._emit

    def warm_up(self) -> None:
        """Look once at all that is looked at around a cell: the pages that this copies are not copied while a task waits."""
        self._within(self._capture)
        self._slots.changes()

    def serve(self) -> None:
        """Run what the scheduler sends until it says exit."""
        while True:
            message = self._talk.next()
            if message["type"] == "run":
                self._talk.tell({"type": "done", "result": self._run(message)})
            elif message["type"] == "conclude":
                self._talk.tell({"type": "concluded", "observed": lane.conclude(self._observer, self._state, self.finish)})
            elif message["type"] == "exit":
                return

    def finish(self) -> None:
        """What an interpreter does at its end: call what it was told to call, write what files hold back."""
        with shell_module.messages.muted():
            interpreter.at_exit.run()
            self._observer.flush_writers()

    # Talking to the scheduler while the cell runs.

    def _emit(self, output: dict[str, Any]) -> None:
        if not self._talk.is_foreign:
            self._talk.tell({"type": "output", "output": output})

    def _ask_permit(self, reason: str, detail: str) -> None:
        if self._talk.is_foreign:
            return
        shell_module.messages.flush()
        so_far = {"reads": dict(self._reads), "shadowed": self._shadowed, "filesRead": self._observer.reads()}
        question = {"type": "effect", "reason": reason, "detail": detail, **so_far}
        try:
            with self._limit.waiting(), self._talk.turn():
                if self._observer.must_ask(reason, detail):
                    self._variables = self._talk.ask(question, "permit")["variables"]
        except Disconnected:
            os._exit(0)

    def _load_everything(self) -> None:
        """Before a fork: the child may read any variable, and it cannot ask for one."""
        for name in self._variables:
            if name not in self._namespace:
                self._fault(name)

    def _came_from_store(self, value: Any) -> bool:
        if self._lane or not self._arrived.loaded:
            return False
        here = {name: self._value_of(name) for name in self._arrived.loaded}
        if not all(self._arrived.loaded[name].is_still(found) for name, found in here.items()):
            return True  # Whatever has gone may have had it.
        if len(here) != self._loaded_then:
            self._loaded_then = len(here)
            self._stored = reachable(list(here.values()))
        return id(value) in self._stored

    def _value_of(self, name: str) -> Any:
        """What a name that arrived stands for now."""
        if name.startswith(_IMPLICIT):
            return self._arrived.loaded[name].definition
        return self._arrived.aside[name] if name in self._arrived.aside else self._namespace.get(name)

    def _need_one_process(self, reason: str) -> None:
        """The scheduler starts all cells again in one process and ends this one."""
        self._talk.end({"type": "one-process", "reason": reason})

    def _fault(self, name: str) -> bool:
        """A name that the process does not have: ask, load, and say whether it exists."""
        if self._lane or self._talk.is_foreign or is_history(name) or (name.startswith("__") and name.endswith("__")):
            return name in self._namespace
        with self._limit.waiting(), self._talk.turn(), self._observer.aside():
            if name in self._namespace or (name in self._arrived.loaded and name not in self._arrived.aside):
                return name in self._namespace
            return self._bind(name, self._talk.ask({"type": "need", "name": name, "companion": False}, "binding")["binding"])

    def _look(self, name: str) -> None:
        """Read a variable as a cell does; it may not exist."""
        if name not in self._namespace:
            with contextlib.suppress(KeyError):
                self._builtins[name]

    def _list_everything(self) -> None:
        """Somebody looks through the variables of the notebook."""
        if self._lane or self._talk.is_foreign or not self._observer.is_watching:
            return
        with self._limit.waiting(), self._talk.turn(), self._observer.aside():
            self._take_list(self._talk.ask({"type": "need", "name": "*", "companion": False}, "binding")["binding"])
        for name in self._every_name:
            if name not in self._namespace:
                self._fault(name)

    def _take_list(self, binding: dict[str, Any]) -> None:
        self._reads["*"] = binding["ref"]["content"]
        self._every_name = binding["ref"]["member"].split()

    def _bind(self, name: str, binding: dict[str, Any]) -> bool:
        if binding["kind"] != "value":
            self._reads.setdefault(name, "absent")
            return False
        reference = ValueRef(**binding["ref"])
        members = self._load(reference)
        self._reads[name] = reference.content
        self._take(name, reference, members[reference.member])
        self._reads.update(self._arrived.keep_shown(name, members[reference.member], bool(binding.get("shown"))))
        for other in members:
            if other not in self._arrived.loaded:
                self._take_companion(other, reference.object, members)
        if reference.object in self._arrived.weakly:
            # A weak reference tells whether the others still have their values.
            self._reads.update({**self._arrived.company(members), **self._reads})
        return True

    def _take_companion(self, name: str, group: str, members: dict[str, Any]) -> None:
        """A variable that shares objects with one that was loaded is here too, if it still has that value."""
        binding = self._talk.ask({"type": "need", "name": name, "companion": True}, "binding")["binding"]
        has_value = binding["kind"] == "value"
        self._arrived.companions[name] = binding["ref"]["content"] if has_value else binding["kind"]
        taken = name in self._namespace and name not in self._hidden
        if taken or not has_value or binding["ref"]["object"] != group:
            return
        # To let go of one is seen through a weak reference: then all are where the cell would have them, and count as read.
        place = self._take if group in self._arrived.weakly else self._arrived.put_aside
        place(name, ValueRef(**binding["ref"]), members[name])

    def _take(self, name: str, reference: ValueRef, value: Any) -> None:
        if name.startswith(_IMPLICIT):
            self._arrived.loaded[name] = Arrival(reference, id(value), value)
        else:
            self._arrived.loaded[name] = Arrival(reference, id(value))
            self._arrived.aside.pop(name, None)
            self._namespace[name] = value

    def _load(self, reference: ValueRef) -> dict[str, Any]:
        """All members of the object in the store; one that is here already is not loaded again, so identity holds."""
        for name, arrival in self._arrived.loaded.items():
            if arrival.reference.object == reference.object and arrival.reference.member == reference.member:
                value = self._value_of(name)
                if arrival.is_still(value):
                    return {reference.member: value}
        with shell_module.messages.muted():
            group, together = self._codec.load(reference)
        if together:
            self._arrived.groups[reference.object] = list(group)
        if together == "weakly":
            self._arrived.weakly.add(reference.object)
        return group

    def resolve_definition(self, name: str) -> Any:
        """A class of the notebook that a value refers to, loaded from its own object."""
        if name not in self._arrived.loaded and not self._fault(name):
            raise LookupError(f"no definition {name}")
        return self._arrived.loaded[name].definition

    # One task.

    def _run(self, message: Message) -> Message:
        self._lane = bool(message.get("lane"))
        self._reads = {}
        # Quiet states count as read only when the task touched them.
        self._quiet: dict[str, str] = {}
        self._arrived.groups = {}
        self._loaded_then, self._stored = 0, set()
        self._arrived.companions = {}
        self._codec.task = message["task"]
        self._variables = message["variables"]
        self._evict(set(message["keep"]), self._lane)
        self._shadowed: list[str] = message["shadowedBuiltins"]
        self._builtins.shadow(self._shadowed)
        prepare_history(self._shell, self._cells, message)
        if not self._lane:
            prelude.import_again(message["imports"])
            with shell_module.messages.muted():
                self._within(self._preload, message["preload"])
        else:
            leave_main(self._shell.user_module)
        self._slots.observe_new()
        self._imports.start([] if self._lane else message["certainImports"])
        before = {} if self._lane else self._within(self._capture)[0]
        modules = set(sys.modules)
        meter = Meter()
        self._sources.seen.clear()
        touches.clear()
        self._observer.asks_each = bool(message.get("asksEach"))
        self._observer.start(bool(message["head"]), self._lane)
        try:
            with self._talk.open_to_all():
                cell = (self._shell, self._loop, self._context, message["source"])
                ok = self._limit.run(message.get("timeout"), self._loop, lambda started: shell_module.run_cell(*cell, started))
            used = meter.read()
            around = Surroundings(self._shell, self._observer, self._look)
            measured = self._within(measure, message.get("measures"), message, ok, around)
        finally:
            self._observer.stop(goes_on=self._lane)
            self._touched = (frozenset(touches.read), frozenset(touches.written))
        result: Message = {
            "status": "ok" if ok else "error",
            "reads": self._reads,
            "writes": {},
            "shadowed": self._shadowed,
            "shadows": [],
            "shown": [],
            "deletes": [],
            "held": {},
            "unsaved": [],
            "filesRead": [] if self._lane else self._observer.reads(),  # Told once, at the end of all cells.
            "variables": variables.watch.reads(),
            "filesWritten": sorted(self._observer.written),
            "outside": sorted(self._observer.outside),
            "requests": [] if self._lane else self._observer.web.report(),
            "sources": sorted(self._sources.seen),
            "imported": [name for name in sys.modules if name not in modules and self._is_dynamic(name)],
            **used,
            **({} if measured is None else {"measured": measured}),
        }
        if not self._lane:
            self._within(self._conclude, result, before, message)
        return {**result, "packages": reached.report()}

    def _is_dynamic(self, name: str) -> bool:
        """True for an installed module that this run of the cell has imported and another may not."""
        return name not in self._imports.certain and installed(name) and not acts_on_shell(name)

    def _evict(self, keep: set[str], everything: bool) -> None:
        if everything or "*" in keep:
            return
        for name in list(self._namespace):
            if name in keep or (name in self._hidden and self._namespace[name] is self._hidden[name]) or is_history(name):
                continue
            if name not in _OF_MODULES:
                del self._namespace[name]
        # What stays for this cell is read without a question.
        self._namespace.update((name, value) for name, value in self._arrived.aside.items() if name in keep)
        self._arrived.aside.clear()
        self._arrived.loaded = {name: entry for name, entry in self._arrived.loaded.items() if name in keep or name.startswith("def:")}

    def _preload(self, bindings: dict[str, Any]) -> None:
        touched: set[str] = set()
        for name in loading_order(bindings):
            binding = bindings[name]
            if name == "*":
                self._take_list(binding)
            elif name.startswith(_HIDDEN):
                if binding["kind"] == "value":
                    self._restore(name, ValueRef(**binding["ref"]), touched)
            elif name not in self._arrived.loaded or name in self._arrived.aside:
                self._bind(name, binding)
        if touched:
            self._slots.rebase(touched)

    def _restore(self, name: str, reference: ValueRef, touched: set[str]) -> None:
        (self._quiet if is_quiet(name) else self._reads)[name] = reference.content
        if self._present.get(name) == reference.content:
            return  # It is here; a copy would not be the object that others refer to.
        self._present[name] = reference.content
        value = self._load(reference)[reference.member]
        if name == "state:local-modules":
            self._load_modules(name, value)
        elif name.startswith("state:"):
            self._state.by_name[name].restore(value)
        else:
            self._slots.restore(name, value)
            touched.add(name.split(":", 3)[1])

    def _load_modules(self, name: str, value: Any) -> None:
        """What their code does to hidden state was done when they were imported; what later cells made of it comes after this."""
        before = self._capture()[0]
        self._state.by_name[name].restore(value)
        after = self._capture()[0]
        for other, content in before.items():
            if other != name and not same_state(content, after.get(other)):
                self._state.by_name[other].restore(content)

    # Observation after the cell.

    def _capture(self) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        stuck: dict[str, str] = {}
        for component in self._state.components:
            try:
                value = component.capture()
            except Stuck as reason:
                stuck[component.name] = str(reason)
                continue
            if value is not None:
                values[component.name] = value
        return values, stuck

    def _conclude(self, result: Message, before: dict[str, Any], message: Message) -> None:
        gc_was = gc.isenabled()
        with shell_module.messages.muted():
            after, stuck = self._capture()
            gc.disable()
            try:
                result["held"].update(stuck)
                beside = self._conclude_state(result, before, after, stuck)
                self._conclude_variables(result, message["exposes"], beside)
            finally:
                if gc_was:
                    gc.enable()
        if "state:farewells" in result["held"]:
            gc.collect()  # Nothing of the storing must keep alive what a later cell lets go.
        # What this process had to itself and what is now as it is everywhere.
        gone = [name for name in message["keep"] if name.startswith(_HIDDEN) and name not in {**result["held"], **result["writes"]}]
        result["deletes"].extend(gone)
        for name in result["deletes"]:
            self._present.pop(name, None)

    def _conclude_state(self, result: Message, before: dict[str, Any], after: dict[str, Any], stuck: dict[str, str]) -> dict[str, Any]:
        """Gives what libraries, the shell and the interpreter have by value, and variables may have as well."""
        changed = {name: value for name, value in after.items() if name not in before or not same_state(before[name], value)}
        read, written = self._touched
        changed.update((name, after[name]) for name in written if name in after)
        for name in (*changed, *read):
            if is_quiet(name):
                result["reads"][name] = self._quiet.get(name, "absent")
        result["deletes"].extend(name for name in before if name not in after and name not in stuck)
        for name, value in changed.items():
            self._keep(result, name, self._codec.dump({name: value}))
        inside = self._slots.changes()
        for name, value in inside.items():
            self._keep(result, name, self._codec.dump_slot(name, value))
        # What this process itself had changed, and has put back.
        back = {name for name in self._present if name.startswith("slot:") and name not in self._slots.restored}
        result["deletes"].extend((back | self._slots.superseded) - set(inside))
        if self._observer.is_watched:
            result["held"]["state:audit"] = "an audit hook"
        stuck_at = self._slots.stuck()
        if stuck_at:
            result["held"]["state:libraries"] = stuck_at
        shared = {name: after[name] for name in state.SHARING if name in after}
        return {**self._slots.local_values(), **{name: value[1] for name, value in inside.items()}, **shared, **state.live_objects()}

    def _keep(self, result: Message, name: str, dumped: DumpResult) -> None:
        if name in dumped.refs:
            self._present[name] = dumped.refs[name].content
            result["writes"][name] = {"ref": as_message(dumped.refs[name]), "same": False, "how": "bind"}
        else:
            result["held"][name] = dumped.unstorable.get(name, "cannot be stored")

    def _tracked(self) -> dict[str, Any]:
        tracked: dict[str, Any] = {}
        for name, value in (*self._arrived.aside.items(), *self._namespace.items()):
            if (name in self._hidden and self._hidden[name] is value) or is_history(name):
                continue
            if name in ("__builtins__", "__builtin__"):
                continue
            tracked[name] = value
        return tracked

    def _conclude_variables(self, result: Message, exposes: Any, beside: dict[str, Any]) -> None:
        tracked = self._tracked()
        together = self._sources.together.reason(tracked)
        if together:
            self._need_one_process(together)
        result["deletes"] += sorted(name for name in self._arrived.loaded if not name.startswith(_IMPLICIT) and name not in tracked)
        bound = {n for n, v in tracked.items() if n not in self._arrived.loaded or not self._arrived.loaded[n].is_still(v)}
        result["shown"] = results_among(tracked, self._shell.history_manager.output_hist)
        result["shadows"] = sorted(name for name in tracked if name in _BUILTINS)
        wanted = bound if exposes == "*" else {name for name in bound if name in set(exposes)}
        wanted |= farewells(self._observer, result, tracked, bound - wanted)
        result["unsaved"] = sorted(bound - wanted)
        values = {name: tracked[name] for name in tracked if name in wanted or name not in bound}
        for name, arrival in self._arrived.loaded.items():
            if name.startswith("def:"):
                values[name] = arrival.definition
        # What runs on, or is called by others, may change any of them at any time; who kept an identity wants the very same objects.
        reason = next((reason for name, reason in result["held"].items() if name.startswith(_HIDDEN) and name not in _APART), None)
        keeper = self._identities.kept_by(tracked)
        if keeper:
            reason = result["held"]["state:identities"] = f"an identity in {keeper}"
        if reason is not None:
            result["held"].update((name, reason) for name in tracked)
            result["unsaved"] = []
            return
        Keeper(self._codec, self._arrived, result).store(values, bound, beside, {name: tracked[name] for name in result["unsaved"]})


def start(channel: Channel, stage: Stage) -> None:
    """Set a fresh child of a warm parent up and serve."""
    random.setstate(stage.seeds)  # A fork changes it.
    for stream in shell_module.messages.streams:
        stream.capture()
    try:
        attempt = Attempt(channel, stage)
        stage.codec.resolve_definition = attempt.resolve_definition
        attempt.warm_up()
        attempt.serve()
        attempt.finish()
    except Disconnected:
        pass
