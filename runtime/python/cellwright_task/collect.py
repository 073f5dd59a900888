"""Joins what the steps of a run showed into the executed notebook, in notebook order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Optional

Message = dict[str, Any]


class _Shown:
    """The outputs of one cell."""

    def __init__(self) -> None:
        self.outputs: list[Message] = []
        self.ids: list[Optional[str]] = []
        self.clear_next = False

    def clear(self) -> None:
        self.outputs.clear()
        self.ids.clear()
        self.clear_next = False


def fold_outputs(cells: Iterable[tuple[int, list[Message]]]) -> list[list[Message]]:
    """Messages of all cells, in notebook order, as nbformat outputs: streams joined, updates applied where a display is shown."""
    shown: list[_Shown] = []
    for count, messages in cells:
        shown.append(_Shown())
        for message in messages:
            _add(shown, message, count)
    return [cell.outputs for cell in shown]


def _add(shown: list[_Shown], message: Message, count: int) -> None:
    cell, kind = shown[-1], message["kind"]
    if kind == "clear":
        if message["wait"]:
            cell.clear_next = True
        else:
            cell.clear()
        return
    if kind == "update-display":
        for other in shown:
            for place, identifier in enumerate(other.ids):
                if identifier == message["displayId"]:
                    other.outputs[place].update(data=message["data"], metadata=message["metadata"])
        return
    if cell.clear_next:
        cell.clear()
    last = cell.outputs[-1] if cell.outputs else {}
    if kind == "stream" and last.get("output_type") == "stream" and last["name"] == message["name"]:
        last["text"] += message["text"]
        return
    cell.ids.append(message.get("displayId") if kind == "display" else None)
    cell.outputs.append(_output(message, count))


def _output(message: Message, count: int) -> Message:
    kind = message["kind"]
    if kind == "stream":
        return {"output_type": "stream", "name": message["name"], "text": message["text"]}
    if kind == "error":
        return {"output_type": "error", **{name: message[name] for name in ("ename", "evalue", "traceback")}}
    shown = {"data": message["data"], "metadata": message["metadata"]}
    if kind == "display":
        return {"output_type": "display_data", **shown}
    return {"output_type": "execute_result", **shown, "execution_count": count}


def at_their_places(tasks: list[Message], reports: list[Message]) -> list[Message]:
    """The reports with the places that their cells have now: one that a cache has kept may be older than a cell above them."""
    places = {task["id"]: {name: task[name] for name in ("name", "index", "executionCount")} for task in tasks}
    return [
        {**report, "cells": [{**cell, **places[cell["task"]]} for cell in report["cells"] if cell["task"] in places]} for report in reports
    ]


def executed_notebook(document: str, reports: list[Message]) -> str:
    """The notebook with what was shown. Cells without a report have no outputs, as cells that were not run."""
    notebook = json.loads(document)
    cells = sorted((cell for report in reports for cell in report["cells"] if cell["status"] != "not-run"), key=lambda cell: cell["index"])
    folded = fold_outputs((cell["executionCount"], cell["outputs"]) for cell in cells)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    for told, outputs in zip(cells, folded):
        cell = notebook["cells"][told["index"]]
        cell["outputs"], cell["execution_count"] = outputs, told["executionCount"]
        cell["metadata"]["cellwright"] = {"status": told["status"], "seconds": round(told["seconds"], 3)}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
