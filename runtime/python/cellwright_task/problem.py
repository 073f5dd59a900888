"""What can be said to a user who could do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEE_AGAIN = "Run it once with cellwright run NB, then cellwright profile NB, and emit it again."


@dataclass(frozen=True)
class Problem:
    """One diagnostic: a stable code, what is wrong, what to do next."""

    code: str
    message: str
    help: str
    cell: str = ""
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """As every document of this program has it."""
        place = {"cell": self.cell} if self.cell else {}
        name = {"name": self.name} if self.name else {}
        return {"code": self.code, "severity": "error", "message": self.message, "help": self.help, **place, **name}

    def __str__(self) -> str:
        """As the command line shows it."""
        return f"error[{self.code}]: {self.message}\n  help: {self.help}"


class StepFailed(Exception):
    """The step cannot go on, and says why."""

    def __init__(self, problem: Problem, exit_code: int = 1) -> None:
        """`exit_code` is that of the process."""
        super().__init__(str(problem))
        self.problem = problem
        self.exit_code = exit_code
