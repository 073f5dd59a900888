"""The side of the SDK of Flyte 2: reports, its own place for data."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any, Optional

import flyte
import flyte.report
from flyte.io import File

from . import project
from .step_result import Done, LeftFile, StepOutputs, StepResult

__all__ = ["Project", "StepOutputs", "StepResult", "flyte_files"]


class _Flyte2(project.Surroundings):
    def __init__(self) -> None:
        context = flyte.ctx()
        self.is_local = context is None or context.mode == "local"
        bucket = project.bucket_of(context.raw_data_path.path) if context is not None else None
        self.store = os.environ.get("CELLWRIGHT_STORE") or project.store_in(bucket)

    def show(self, report: dict[str, Any]) -> None:
        """On a tab of the report, also when the task fails."""
        from .cell_pages import page_of

        flyte.report.get_tab("Cells").log(page_of(report))
        flyte.report.flush()


class Project(project.Project):
    """What the tasks in `workflow_v2.py` call."""

    # Here all tasks of a run share the notebook's folder, so one works in it at a time.
    _alone = threading.Lock()

    def cache(self, code: str, files: Sequence[str] = ()) -> flyte.Cache:
        """The cache of a step, with the version that `workflow.py` has."""
        return flyte.Cache(behavior="override", version_override=self.cache_version(code, files))

    def run_step(
        self,
        step: str,
        *needs: StepResult,
        parameters: Optional[dict[str, Any]] = None,
        secrets: Sequence[str] = (),
        cached: bool = True,
    ) -> Done:
        """Run a step; raises in the task when it does not end well, with what the cell said. Flyte has put secrets into the environment."""
        where = _Flyte2()
        order = project.Order(step, needs, parameters or {}, cached)
        if not where.is_local:
            return self.run(order, where)
        with self._alone:
            return self.run(order, where)

    def collect(self, reports: Sequence[str]) -> File:
        """The executed notebook."""
        target = self.executed_notebook(reports, _Flyte2())
        return File.from_local_sync(target)


def flyte_files(done: Done) -> dict[str, File]:
    """The files of a step as Flyte's own values: addresses in the store, and copies only of what is there in parts."""
    return {name: _file(left) for name, left in done.files.items()}


def _file(left: LeftFile) -> File:
    return File.from_local_sync(left.address) if left.is_copy else File.from_existing_remote(left.address)
