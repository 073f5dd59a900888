"""One step from its inputs, by reference, to its manifest."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .cell_engines import start_for
from .looks import refuse_unknown_look
from .manifest import MANIFEST_VERSION, for_others, read_ancestors, take_in, write_document
from .parameters import secret_names, with_parameters
from .plan import Project, Step
from .problem import StepFailed
from .run_cells import CellRun, CellRunner, Surroundings
from .store import ObjectStore, open_store
from .versions import Versions
from .vouching import believed, vouch
from .worker_process import WorkerProcesses

EXIT_CODES = {"ok": 0, "failed": 1, "gate": 4}


@dataclass(frozen=True)
class Order:
    """What a command line asks for."""

    bundle: str
    step: str
    store: str
    cwd: str
    inputs: dict[str, str]
    parameters: dict[str, Any] = field(default_factory=dict)
    # Told what cells show, while they do.
    echo: Callable[[dict[str, Any]], None] = lambda output: None
    # True when the engine uses the result again as long as what the plan lists is the same.
    reused: bool = False


@dataclass
class Outcome:
    """How a step ended. `manifest` is what later steps are given, and only there when all is well."""

    step: str
    status: str
    exit_code: int
    manifest: Optional[str] = None
    report: Optional[str] = None
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    gates: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What is written to the output file."""
        return {
            "formatVersion": 1,
            "step": self.step,
            "status": self.status,
            "exitCode": self.exit_code,
            "manifest": self.manifest,
            "report": self.report,
            "diagnostics": self.diagnostics,
            "metrics": self.metrics,
            "gates": self.gates,
        }


def run_step(order: Order) -> Outcome:
    """Run it. A failure is an outcome like any other: it has a report, and no manifest."""
    started = time.perf_counter()
    outcome = Outcome(order.step, "refused", 1)
    runner: Optional[CellRunner] = None
    project: Optional[Project] = None
    store: Optional[ObjectStore] = None
    times: dict[str, float] = {}
    try:
        project = with_parameters(Project(order.bundle), order.step, order.parameters)
        step = project.step(order.step)
        store = open_store(order.store)
        manifests = read_ancestors(store, project, step, order.inputs)
        versions = Versions(project.tasks)
        take_in(versions, project, manifests)
        times["inputs"] = time.perf_counter() - started
        secrets = secret_names(project.document())
        around = Surroundings(project, step, store, versions, os.path.realpath(order.cwd), secrets, order.echo)
        processes = WorkerProcesses(_start(around), project.bundle["notebook"]["language"])
        store.seal_in(processes.folder)
        times["start"] = time.perf_counter() - started - times["inputs"]
        try:
            runner = CellRunner(around, processes)
            runner.run()
        finally:
            processes.stop()
        if order.reused:
            refuse_unknown_look(runner.looks(), project, step.name, around.cwd)
        _conclude(outcome, runner, (project, step, store), order)
    except StepFailed as failure:
        outcome.exit_code = failure.exit_code
        outcome.diagnostics.append(failure.problem.as_json())
    if runner is not None and project is not None and store is not None:
        outcome.outputs = [output for run in runner.runs for output in run.outputs]
        times["total"] = time.perf_counter() - started
        try:
            outcome.report = write_document(store, "reports", _report(outcome, project, runner, times))
        except StepFailed as failure:
            outcome.status, outcome.exit_code, outcome.manifest = "refused", failure.exit_code, None
            outcome.diagnostics.append(failure.problem.as_json())
    if store is not None:
        store.close()
    return outcome


def _start(around: Surroundings) -> dict[str, Any]:
    cells = [[task["executionCount"], task["source"], task["code"]] for task in around.project.tasks]
    more = start_for(around.project.bundle, around.project.folder)
    return {"store": around.store.worker_root, "cwd": around.cwd, "cells": cells, "secrets": around.secrets, **more}


def _conclude(outcome: Outcome, runner: CellRunner, of: tuple[Project, Step, ObjectStore], order: Order) -> None:
    project, step, store = of
    statuses = {run.status for run in runner.runs}
    outcome.status = "failed" if "failed" in statuses else "gate" if "gate" in statuses else "ok"
    outcome.exit_code = EXIT_CODES[outcome.status]
    for run in runner.runs:
        outcome.metrics.update((run.result or {}).get("measured", {}).get("metrics", {}))
        outcome.gates.extend({"cell": project.cells[run.place].name, **verdict} for verdict in run.verdicts)
    if outcome.status == "ok":
        outcome.manifest = vouch(step.name, write_document(store, "manifests", _manifest(step, project, runner.runs, order.inputs)))


def _manifest(step: Step, project: Project, runs: list[CellRun], inputs: dict[str, str]) -> dict[str, Any]:
    return {
        "formatVersion": MANIFEST_VERSION,
        "step": step.name,
        "status": "ok",
        "inputs": {name: believed(name, reference) for name, reference in inputs.items()},
        "cells": [_left(project, run, step.whole) for run in runs],
    }


def _left(project: Project, run: CellRun, whole: bool) -> dict[str, Any]:
    assert run.result is not None
    return {"task": project.tasks[run.place]["id"], "result": for_others(run.result, whole), "files": run.files}


def _report(outcome: Outcome, project: Project, runner: CellRunner, times: dict[str, float]) -> dict[str, Any]:
    return {
        **outcome.as_json(),
        "exitCode": outcome.exit_code,
        "times": {name: round(seconds, 4) for name, seconds in times.items()},
        "cells": [_told(project, run) for run in runner.runs],
    }


def _told(project: Project, run: CellRun) -> dict[str, Any]:
    task, result = project.tasks[run.place], run.result or {}
    observed = ("reads", "filesRead", "filesWritten", "outside", "requests", "variables", "imported", "held", "unsaved")
    status = "not-run" if run.status == "not-run" else "failed" if run.status in ("running", "permitted") else run.status
    return {
        "task": task["id"],
        "name": task["name"],
        "index": task["index"],
        "executionCount": task["executionCount"],
        "status": status,
        "outputs": run.outputs,
        "verdicts": run.verdicts,
        "seconds": result.get("seconds", 0),
        "cpuSeconds": result.get("cpuSeconds", 0),
        "peakMemory": result.get("peakMemory", 0),
        **({"measured": result["measured"]} if "measured" in result else {}),
        "files": run.files,
        "observed": {name: result[name] for name in observed if name in result},
    }
