"""What flows between the tasks of a Flyte workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass
class StepResult:
    """What a step left, by reference. Equal results are equal values, so that Flyte's cache serves what is behind them."""

    step: str
    # Names the manifest of the step in the store: its variables, files and hidden state, and the results that it was made from.
    manifest: str
    # Each variable that it left and the digest of its value, for people: what tells two runs apart in the console.
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftFile:
    """A file of a step: the address of what nobody changes any more, or of a copy on this machine that is to be uploaded."""

    address: str
    is_copy: bool


@dataclass
class Done:
    """A step that ended well, as a task takes its outputs from it."""

    result: StepResult
    report: str
    metrics: dict[str, Any]
    # Named from the folder of the notebook.
    files: dict[str, LeftFile]

    def metric(self, name: str) -> float:
        """A recorded number; not a number where none was recorded under this name."""
        return float(self.metrics.get(name, "nan"))


class StepOutputs(NamedTuple):
    """Of a step that has no metrics and leaves no files."""

    result: StepResult
    report: str


class CellFailed(Exception):
    """A cell raised, or a check or a gate did not hold. `again` is true when another try may end otherwise."""

    def __init__(self, text: str, exit_code: int, again: bool = False) -> None:
        """`exit_code` is that of the task command."""
        super().__init__(text)
        self.exit_code = exit_code
        self.again = again
