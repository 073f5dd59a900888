"""The side of flytekit 1.x: decks, its exceptions, its own place for data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from flytekit import Deck, FlyteContextManager, current_context
from flytekit.configuration import S3Config
from flytekit.exceptions.user import FlyteRecoverableException
from flytekit.types.file import FlyteFile

from . import project
from .cell_pages import page_of
from .step_result import CellFailed, Done, StepOutputs, StepResult

__all__ = ["Project", "StepOutputs", "StepResult", "flyte_files"]


class _Flytekit(project.Surroundings):
    def __init__(self) -> None:
        context = FlyteContextManager.current_context()
        state = context.execution_state
        self.is_local = state is None or state.is_local_execution()
        bucket = project.bucket_of(context.file_access.raw_output_prefix)
        self.store = os.environ.get("CELLWRIGHT_STORE") or project.store_in(bucket)
        if self.store.startswith("s3://"):
            use_flyte_credentials()

    def show(self, report: dict[str, Any]) -> None:
        """On a deck of its own, also when the task fails."""
        Deck("Cells", page_of(report))
        if not self.is_local:
            Deck.publish()


class Project(project.Project):
    """What the tasks in `workflow.py` call."""

    def __init__(self, folder: Path, notebook_folder: str, lock: str = "", secret_group: str = "") -> None:
        """`secret_group` is the secret of the platform whose keys the notebook's secrets are."""
        super().__init__(folder, notebook_folder, lock)
        self._secret_group = secret_group

    def run_step(
        self,
        step: str,
        *needs: StepResult,
        parameters: Optional[dict[str, Any]] = None,
        secrets: Sequence[str] = (),
        cached: bool = True,
    ) -> Done:
        """Run a step; raises in the task when it does not end well, with what the cell said."""
        give_secrets(secrets, self._secret_group)
        try:
            return self.run(project.Order(step, needs, parameters or {}, cached), _Flytekit())
        except CellFailed as failure:
            # Flyte tries again only what says that it may be tried again.
            raise (FlyteRecoverableException(str(failure)) if failure.again else failure) from None

    def collect(self, reports: Sequence[str]) -> FlyteFile:
        """The executed notebook."""
        target = self.executed_notebook(reports, _Flytekit())
        return FlyteFile(target)


def flyte_files(done: Done) -> dict[str, FlyteFile]:
    """The files of a step as Flyte's own values: addresses in the store, and copies only of what is there in parts."""
    return {name: FlyteFile(file.address, remote_path=None if file.is_copy else False) for name, file in done.files.items()}


def use_flyte_credentials() -> None:
    """Flytekit's own settings for an object store, in the names that every other client knows."""
    settings = S3Config.auto()
    for name, value in (
        ("AWS_ENDPOINT_URL", settings.endpoint),
        ("AWS_ACCESS_KEY_ID", settings.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", settings.secret_access_key),
    ):
        if value and not os.environ.get(name):
            os.environ[name] = value


def give_secrets(names: Sequence[str], group: str) -> None:
    """Each secret as the environment variable that the notebook takes it from, by Flyte's own mechanism."""
    for name in names:
        if name not in os.environ:
            os.environ[name] = current_context().secrets.get(group, name)
