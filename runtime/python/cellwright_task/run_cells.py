"""Runs the cells of a step, and answers what their processes ask, as the scheduler of a local run would with the steps before it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from cellwright_worker.kept_secrets import KeptSecrets

from .cell_engines import nothing_to_run
from .checks import Checks
from .folder_look import FolderLook
from .gates import is_closed, verdicts_on
from .plan import Project, Step
from .problem import Problem, StepFailed
from .run_message import every_name, expected_reads, import_steps, lane_message, names_to_load, run_message
from .store import ObjectStore, damaged
from .time_limit import TimeLimit
from .versions import LIST_OF_NAMES, Versions
from .worker_process import Connection, Message, WorkerDied, WorkerProcesses
from .working_files import keep, put_back, refuse_second_names

_NOTHING: Message = {
    "status": "error",
    **{name: {} for name in ("reads", "writes", "held")},
    **{name: [] for name in ("shadows", "shown", "deletes", "unsaved", "filesRead", "filesWritten", "outside", "imported")},
    **{"seconds": 0, "cpuSeconds": 0, "peakMemory": 0},
}


@dataclass
class CellRun:
    """What came of one cell."""

    place: int
    status: str = "not-run"
    outputs: list[Message] = field(default_factory=list)
    result: Optional[Message] = None
    verdicts: list[Message] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)


class _Move(Exception):
    """The cell needs what only another process of this step has."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


@dataclass(frozen=True)
class Surroundings:
    """Where a step runs."""

    project: Project
    step: Step
    store: ObjectStore
    versions: Versions
    cwd: str
    secrets: list[str]
    # Told what cells show, while they do.
    echo: Callable[[Message], None]


class CellRunner:
    """The cells of one step, in notebook order."""

    def __init__(self, around: Surroundings, processes: WorkerProcesses) -> None:
        """`around.versions` has the results of the steps before."""
        self._around = around
        self._processes = processes
        self._versions = around.versions
        self._checks = Checks(around.project, around.step, around.versions, around.cwd)
        self._secrets = KeptSecrets()
        self._secrets.take(around.secrets, dict(os.environ))
        self._applied: dict[str, int] = {}
        self._alive: list[Connection] = []
        self._last: dict[int, int] = {}
        self.runs = [CellRun(around.project.places[task]) for task in around.step.tasks]
        # What cells in one process looked at is told by all of them together; None until then.
        self._looks_of_lane: Optional[list[Message]] = None

    def run(self) -> None:
        """Run them all; the first that fails is the last. `StepFailed` when the step cannot go on."""
        lane = self._processes.fork(import_steps(self._versions, 0)) if self._around.step.whole and self.runs else None
        if lane is not None:
            self._alive.append(lane)
        look = FolderLook(self._around.cwd) if lane is not None else None
        for run in self.runs:
            if lane is None:
                self._run_apart(run)
            else:
                self._run_in_lane(run, lane)
            if run.status in ("failed", "gate"):
                break
        if lane is not None and look is not None:
            self._conclude(lane, look)
        for process in self._alive:
            process.end()

    def looks(self) -> Optional[list[Message]]:
        """What the cells asked about files; None where that is not known."""
        if self._around.step.whole and self.runs:
            return self._looks_of_lane
        return [look for run in self.runs for look in (run.result or {}).get("filesRead", [])]

    # A cell with what it needs from the store.

    def _run_apart(self, run: CellRun) -> None:
        place = run.place
        self._checks.state(place)
        self._restore_files(place)
        cell = self._around.project.cells[place]
        look = FolderLook(self._around.cwd) if cell.acts_unseen else None
        process = self._process_for(place)
        head = False
        for _ in range(3):
            try:
                result = self._attempt(run, process, head)
                break
            except _Move as move:
                process = self._versions.cells[move.at].holder
            except WorkerDied:
                if head or run.status == "permitted" or not cell.outside:
                    raise self._died(run) from None
                # Native code that kept the interpreter from asking is asked for beforehand.
                process, head = self._fresh(place), True
        else:
            raise self._died(run)
        run.result = result = self._without_echoes(run, result)
        self._checks.result(place, result)
        self._settle(run, process, result, look)

    def _without_echoes(self, run: CellRun, result: Message) -> Message:
        """Leave out values that are other ones after being loaded and stored, whatever the cell does.

        Only a cell that seems to have changed what the plan does not say is looked at: when a cell that does nothing comes to the same
        content, the value is as it was.
        """
        cell, writes = self._around.project.cells[run.place], result["writes"]
        strange = [name for name, write in writes.items() if write["how"] == "mutate" and not cell.may_write(name)]
        if not strange or result["held"]:
            return result
        process = self._fresh(run.place)
        bindings = {name: self._versions.binding(name, run.place) for name in result["reads"] if name in self._known_before(run.place)}
        start = run_message(self._versions, run.place, result["shadowed"], {"keep": [], "from": run.place, "head": False})
        task = self._versions.cells[run.place].task
        nothing = {**start, **nothing_to_run(task), "preload": {**start["preload"], **bindings}, "exposes": []}
        nothing.pop("measures", None)
        for binding in nothing["preload"].values():
            self._fetch(binding)
        idle = self._converse(CellRun(run.place), process, nothing)["writes"]
        self._drop(process)
        echoes = {name for name in strange if name in idle and idle[name]["ref"]["content"] == writes[name]["ref"]["content"]}
        return {**result, "writes": {name: write for name, write in writes.items() if name not in echoes}}

    def _known_before(self, place: int) -> set[str]:
        names = {name for _, ended in self._versions.before(place) for name in ended["writes"]}
        return {name for name in names if not name.startswith("state:") and self._versions.origin(name, place).kind == "value"}

    def _drop(self, process: Connection) -> None:
        process.end()
        self._alive.remove(process)

    def _settle(self, run: CellRun, process: Connection, result: Message, look: Optional[FolderLook]) -> None:
        ended = self._versions.cells[run.place]
        ended.result, run.result = result, result
        written = {*result["filesWritten"], *(look.changed() if look is not None else ())}
        refuse_second_names(self._around.cwd, sorted(written))
        ended.files = run.files = keep(self._around.store, self._around.cwd, sorted(written))
        for path in run.files:
            self._applied[path] = run.place
        if result["held"]:
            ended.holder = process
            self._last[id(process)] = run.place
        elif not self._still_holds(process):
            self._drop(process)
        self._share(result)
        self._judge(run, result)

    def _still_holds(self, process: Connection) -> bool:
        return any(cell.holder is process for cell in self._versions.cells)

    def _share(self, result: Message) -> None:
        objects = {write["ref"]["object"] for write in result["writes"].values()}
        for digest in sorted(objects):
            if digest.startswith("sha256:"):
                self._around.store.share_value(digest)

    def _judge(self, run: CellRun, result: Message) -> None:
        task = self._versions.cells[run.place].task
        earlier = [cell.result for cell in self._versions.cells[: run.place + 1] if cell.result is not None]
        slices = [one for ended in earlier for one in (ended.get("measured") or {}).get("slices", [])]
        run.verdicts = verdicts_on(task, result, slices)
        raised = result["status"] == "error" and not task["directives"]["raisesException"]
        run.status = "gate" if is_closed(run.verdicts) else "failed" if raised else "ran"

    def _restore_files(self, place: int) -> None:
        """Make files what the cells before this one left, as far as steps before this step wrote them."""
        latest: dict[str, int] = {}
        for at, cell in enumerate(self._versions.cells[:place]):
            for path in cell.files:
                latest[path] = at
        due = {path: at for path, at in latest.items() if self._applied.get(path, -1) < at}
        put_back(self._around.store, self._around.cwd, {path: self._versions.cells[at].files[path] for path, at in due.items()})
        self._applied.update(due)

    def _process_for(self, place: int) -> Connection:
        holders = {}
        for name in names_to_load(self._versions, place):
            origin = self._versions.origin(name, place)
            if origin.kind in ("held", "unsaved"):
                self._checks.reads(place, [name])
                holder = self._versions.cells[origin.at].holder if origin.kind == "held" else None
                if holder is None:
                    raise self._checks.not_here(place, name, origin.kind)
                holders[id(holder)] = (holder, name)
        if len(holders) > 1:
            raise self._checks.needs_one_process(place, "it needs what two processes have")
        for holder, _ in holders.values():
            return holder
        return self._fresh(place)

    def _fresh(self, place: int) -> Connection:
        steps = import_steps(self._versions, place)
        for reference in (reference for step in steps for reference in step["state"].values()):
            self._fetch({"ref": reference})
        process = self._processes.fork(steps)
        self._alive.append(process)
        self._last[id(process)] = place
        return process

    def _kept(self, process: Connection, place: int) -> list[str]:
        """Names whose newest value only this process has."""
        names = {name for cell in self._versions.cells[:place] if cell.holder is process and cell.result for name in cell.result["held"]}
        origins = {name: self._versions.origin(name, place) for name in names}
        return sorted(n for n, origin in origins.items() if origin.kind == "held" and self._versions.cells[origin.at].holder is process)

    def _attempt(self, run: CellRun, process: Connection, head: bool) -> Message:
        place, keeps = run.place, self._kept(process, run.place)
        task = self._versions.cells[place].task
        expected = {*expected_reads(self._versions, place), *([LIST_OF_NAMES] if task["preload"] == LIST_OF_NAMES else [])}
        self._checks.reads(place, {*keeps, *expected})
        if head:
            for reason in self._around.project.cells[place].outside:
                self._checks.effect(place, reason, "") if reason != "file-write" else None
        how = {"keep": keeps, "from": self._last[id(process)], "head": head}
        message = run_message(self._versions, place, {*self._around.project.bundle["shadowedBuiltins"], *self._checks.shadowed(place)}, how)
        for binding in message["preload"].values():
            self._fetch(binding)
        self._last[id(process)] = place
        run.outputs, run.status = [], "running"
        return self._converse(run, process, message)

    def _fetch(self, binding: Message) -> None:
        digest = binding.get("ref", {}).get("object", "")
        if digest.startswith("sha256:"):
            self._around.store.fetch_value(digest)

    def _converse(self, run: CellRun, process: Connection, start: Message) -> Message:
        """Send what starts the cell, and answer until it is done."""
        limit = TimeLimit(process, start.get("timeout"))
        process.send(start)
        while True:
            try:
                message = process.receive(limit.patience)
            except WorkerDied:
                if limit.is_killed:
                    run.outputs.append(limit.as_error())
                    return {**_NOTHING, "seconds": limit.seconds}
                raise
            limit.look()
            if message is None:
                continue
            if message["type"] == "clock":
                limit.hear(message)
            elif message["type"] == "done":
                return self._done(run, message["result"], limit)
            else:
                self._hear(run, process, message)

    def _done(self, run: CellRun, result: Message, limit: TimeLimit) -> Message:
        run.outputs = self._masked(run.outputs)
        if self._around.secrets:
            for output in run.outputs:
                self._around.echo(output)
        if "measured" in result:
            result = {**result, "measured": self._mask(result["measured"])}
        if not limit.is_exceeded:
            return result
        if not any(output["kind"] == "error" for output in run.outputs):
            run.outputs.append(limit.as_error())
        return {**result, "status": "error"}

    def _hear(self, run: CellRun, process: Connection, message: Message) -> None:
        kind = message["type"]
        if kind == "output":
            run.outputs.append(message["output"])
            # A secret may come in pieces.
            if not self._around.secrets:
                self._around.echo(message["output"])
        elif kind == "need":
            binding = {"kind": "absent"} if self._around.step.whole else self._answer(run, message)
            process.send({"type": "binding", "name": message["name"], "binding": binding})
        elif kind == "effect":
            process.send({"type": "permit", "variables": self._permit(run, message)})
        elif kind == "one-process":
            raise self._checks.needs_one_process(run.place, message["reason"])
        elif kind == "damaged":
            raise damaged(message["object"])
        elif kind == "broken":
            cell = self._around.project.cells[run.place]
            text = f"The worker failed in {cell.name}.\n{message['traceback']}"
            raise StepFailed(Problem("CW818", text, "Please report it, with the notebook.", cell.task), 70)

    def _answer(self, run: CellRun, need: Message) -> Message:
        name, place = need["name"], run.place
        binding = self._versions.binding(name, place)
        if need["companion"]:
            # It is in the object that is being loaded, or is not taken.
            return binding
        self._checks.reads(place, [name])
        if binding["kind"] in ("held", "unsaved"):
            at = self._versions.origin(name, place).at
            if binding["kind"] == "held" and self._versions.cells[at].holder is not None and run.status != "permitted":
                raise _Move(at)
            raise self._checks.not_here(place, name, binding["kind"])
        self._fetch(binding)
        return binding

    def _permit(self, run: CellRun, question: Message) -> list[str]:
        if self._around.step.whole:
            return []
        self._checks.effect(run.place, question["reason"], question["detail"])
        self._checks.reads(run.place, question["reads"])
        self._checks.files_read(run.place, question["filesRead"])
        run.status = "permitted"
        return every_name(self._versions, run.place)

    def _died(self, run: CellRun) -> StepFailed:
        cell = self._around.project.cells[run.place]
        said = self._processes.complaint()
        message = f"The process of {cell.name} ended before the cell did.{' ' + said if said else ''}"
        return StepFailed(Problem("CW502", message, "Memory may have run out: give the step more.", cell.task))

    # All cells in one process.

    def _run_in_lane(self, run: CellRun, process: Connection) -> None:
        run.outputs = []
        try:
            result = self._converse(run, process, lane_message(self._versions, run.place))
        except WorkerDied:
            raise self._died(run) from None
        run.result = result
        self._versions.cells[run.place].result = result
        self._judge(run, result)

    def _conclude(self, process: Connection, look: FolderLook) -> None:
        process.send({"type": "conclude"})
        written: set[str] = set()
        deadline = time.monotonic() + 5
        try:
            while time.monotonic() < deadline:
                message = process.receive(1)
                if message is not None and message["type"] == "concluded":
                    written = set(message["observed"]["filesWritten"])
                    self._looks_of_lane = message["observed"]["filesRead"]
                    break
        except WorkerDied:
            pass
        last = [run for run in self.runs if run.result is not None][-1:]
        for run in last:
            run.files = keep(self._around.store, self._around.cwd, sorted({*written, *look.changed()}))

    # No secret in any file.

    def _mask(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._secrets.mask(value)
        if isinstance(value, list):
            return [self._mask(item) for item in value]
        if isinstance(value, dict):
            return {self._mask(key): self._mask(item) for key, item in value.items()}
        return value

    def _masked(self, outputs: list[Message]) -> list[Message]:
        """Text that came in pieces is looked at as a whole."""
        if not self._around.secrets:
            return outputs
        joined: list[Message] = []
        for output in outputs:
            last = joined[-1] if joined else None
            if output["kind"] == "stream" and last is not None and last["kind"] == "stream" and last["name"] == output["name"]:
                joined[-1] = {**last, "text": last["text"] + output["text"]}
            else:
                joined.append(output)
        return [self._mask(output) for output in joined]
