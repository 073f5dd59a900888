"""What runs the cells of a language: a worker of Python in this interpreter, or a program beside it that speaks the same words."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, Optional

from .problem import Problem, StepFailed

_ROOM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Beside the worker of Python in an emitted project, and beside its folder where the program is installed.
_PLACES = [os.path.join(_ROOM, "node", "steps.mjs"), os.path.join(os.path.dirname(_ROOM), "node", "steps.mjs")]
LOCK = "deno.lock"


def is_python(language: str) -> bool:
    """True for a notebook whose cells run in this interpreter; one that names no language is one of Python."""
    return not language.startswith(("typescript", "javascript"))


def command_for(language: str) -> list[str]:
    """The program that starts processes for cells, and its words."""
    if is_python(language):
        return [sys.executable, "-X", "utf8", os.path.join(_ROOM, "worker.py")]
    program = next((place for place in _PLACES if os.path.exists(place)), None)
    node = shutil.which("node")
    if program is None:
        raise StepFailed(Problem("CW501", "The worker for cells in TypeScript is not there.", "Emit the notebook again."), 3)
    if node is None:
        message = "Node was not found, which starts the processes of cells in TypeScript."
        raise StepFailed(Problem("CW501", message, "Put node and deno on the PATH of the step."), 3)
    return [node, program]


def start_for(bundle: dict[str, Any], folder: str) -> dict[str, Any]:
    """What that program is told besides."""
    notebook = bundle["notebook"]
    if is_python(notebook["language"]):
        return {}
    lock: Optional[str] = os.path.join(folder, LOCK)
    return {"kernel": notebook["kernelName"], **({"lock": lock} if lock is not None and os.path.exists(lock) else {})}


def nothing_to_run(task: dict[str, Any]) -> dict[str, Any]:
    """What a cell that does nothing is started with, in the language of a task."""
    if "script" not in task:
        return {"source": "pass"}
    return {"source": "", "script": {"text": "void 0;", "mappings": "", "declares": []}}


def script_in(task: dict[str, Any]) -> dict[str, Any]:
    """What runs in place of the source, where the language has to be translated."""
    return {"script": task["script"]} if "script" in task else {}
