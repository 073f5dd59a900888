"""What is recorded and judged after a cell. It is part of the cell's result, and what it reads is read by the cell."""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional

from . import conditions, grouped, stopped_gate
from . import shell as shell_module
from .beside import Send, beside
from .numbers_of import NoNumber, at_path, numbers_of
from .observe import Observer

# Seconds for conditions, and for the groups of all slices together.
_PATIENCE, _PATIENCE_OF_SLICES = 60.0, 120.0
# The threads of polars do not come along into a copy of the process, and who needs them there waits for ever.
_PATIENCE_WITHOUT_THREADS = 3.0


class Surroundings:
    """Where a cell has just run."""

    def __init__(self, shell: Any, observer: Observer, look: Callable[[str], None]) -> None:
        """`look` has a variable that another process wrote loaded, if there is one."""
        self.shell = shell
        self.observer = observer
        self.look = look

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's variables."""
        found: dict[str, Any] = self.shell.user_ns
        return found


def measure(asked: Optional[dict[str, Any]], message: dict[str, Any], ok: bool, around: Surroundings) -> Optional[dict[str, Any]]:
    """Everything that the cell of a `run` message asks for; None when that is nothing, or the cell raised and is no gate."""
    if asked is None:
        return None
    measured: dict[str, Any] = {"metrics": {}, "unmeasured": {}, "conditions": [], "slices": [], "unsliced": []}
    if asked["isGate"]:
        stopped = _ask_the_gate(message, ok, around)
        if stopped is not None:
            measured["stopped"] = stopped
    if not ok:
        return measured if "stopped" in measured else None
    for name in asked["metrics"]:
        _measure_one(name, measured, around)
    _judge(asked["conditions"], measured, around)
    if asked["slices"]:
        _slice(asked["slices"], message["source"], measured, around)
    return measured


def _measure_one(name: str, measured: dict[str, Any], around: Surroundings) -> None:
    first, *path = name.split(".")
    around.look(first)
    try:
        if first not in around.namespace:
            raise NoNumber("not defined")
        measured["metrics"].update(numbers_of(name, at_path(around.namespace[first], path)))
    except NoNumber as reason:
        measured["unmeasured"][name] = str(reason)


def _judge(texts: list[str], measured: dict[str, Any], around: Surroundings) -> None:
    for text in texts:
        for name in conditions.names_in(text):
            around.look(name)
    here = {text: conditions.judge(text, around.namespace) for text in texts if conditions.is_plain(text, around.namespace)}
    others = [text for text in texts if text not in here]
    judged = {**here, **_judge_beside(others, around)}
    measured["conditions"] = [judged[text] for text in texts]


def _judge_beside(texts: list[str], around: Surroundings) -> dict[str, dict[str, Any]]:
    if not texts:
        return {}

    def work(send: Send) -> None:
        for text in texts:
            send({"type": "judged", **conditions.judge(text, around.namespace)})

    has_threads = "polars" in sys.modules
    received, ended = beside(around.observer, work, _PATIENCE_WITHOUT_THREADS if has_threads else _PATIENCE)
    if has_threads and not ended:
        # Here they are: what it does is seen, and done, as though the cell itself did it.
        with shell_module.messages.muted():
            return {text: conditions.judge(text, around.namespace) for text in texts}
    why = "the process that evaluated it ended" if ended else f"it took longer than {_PATIENCE:.0f} s"
    judged = {text: {"condition": text, "holds": False, "values": {}, "error": why} for text in texts}
    for message in received:
        message.pop("type")
        judged[message["condition"]] = message
    return judged


def _ask_the_gate(message: dict[str, Any], ok: bool, around: Surroundings) -> Optional[dict[str, Any]]:
    if not ok:
        stopped = stopped_gate.failed(around.shell.transform_cell(message["source"]), around.namespace)
        if stopped is not None and stopped["test"]:
            stopped["values"] = _judge_beside([stopped["test"]], around)[stopped["test"]]["values"]
    else:
        given = around.shell.history_manager.output_hist
        number = message["executionCount"]
        if number not in given:
            return None
        found: list[dict[str, Any]] = []

        def work(send: Send) -> None:
            answer = stopped_gate.unsuccessful(given[number])
            if answer is not None:
                send({"type": "stopped", **answer})

        found, ended = beside(around.observer, work, _PATIENCE)
        silent = {"condition": "the cell's result", "test": "", "values": {}, "why": "it did not say whether it is a success"}
        stopped = found[0] if found else None if ended else silent
    if stopped is not None:
        stopped.pop("test")
        stopped.pop("type", None)
    return stopped


def _slice(asked: list[dict[str, Any]], source: str, measured: dict[str, Any], around: Surroundings) -> None:
    for directive in asked:
        if "of" in directive:
            around.look(directive["of"].partition(".")[0])
    transformed = around.shell.transform_cell(source)
    here = [one for one in asked if grouped.needs_threads(transformed, one, around.namespace)]
    others = [one for one in asked if one not in here]
    received: list[dict[str, Any]] = []
    ended = True
    # Only what computes and nothing else is evaluated here, on names of its own.
    with shell_module.messages.muted():
        for directive in here:
            grouped.slices(transformed, measured["metrics"], directive, dict(around.namespace), received.append, here=True)

    def work(send: Send) -> None:
        for directive in others:
            grouped.slices(transformed, measured["metrics"], directive, around.namespace, send)

    if others:
        found, ended = beside(around.observer, work, _PATIENCE_OF_SLICES)
        received.extend(found)
    for message in received:
        kind = message.pop("type")
        measured["slices" if kind == "slice" else "unsliced"].append(message)
    if not ended:
        measured["unsliced"].append({"columns": [], "why": f"it took longer than {_PATIENCE_OF_SLICES:.0f} s"})
