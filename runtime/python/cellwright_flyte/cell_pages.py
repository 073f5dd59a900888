"""What the cells of a step gave, as a page for a console. Text is escaped; a cell's own HTML is shown in a frame that runs no script."""

from __future__ import annotations

import html
import re
from typing import Any

from cellwright_task.collect import fold_outputs

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_STYLE = "font:13px ui-monospace,monospace;white-space:pre-wrap;margin:4px 0"


def page_of(report: dict[str, Any]) -> str:
    """All cells that were run, in order."""
    cells = [cell for cell in report["cells"] if cell["status"] != "not-run"]
    folded = fold_outputs((cell["executionCount"], cell["outputs"]) for cell in cells)
    return "\n".join(_cell(cell, outputs) for cell, outputs in zip(cells, folded)) or "<p>No cell was run.</p>"


def _cell(cell: dict[str, Any], outputs: list[dict[str, Any]]) -> str:
    title = f"{html.escape(cell['name'])} · {html.escape(cell['status'])} · {cell['seconds']:.2f} s"
    shown = "\n".join(_output(output) for output in outputs)
    verdicts = "\n".join(_verdict(verdict) for verdict in cell["verdicts"])
    return f"<section><h3>{title}</h3>\n{verdicts}{shown or '<p>It showed nothing.</p>'}</section>"


def _verdict(verdict: dict[str, Any]) -> str:
    word = "holds" if verdict["holds"] else "does not hold"
    values = ", ".join(f"{name} = {value}" for name, value in verdict["values"].items())
    return _text(f"gate {verdict['condition']} {word}{f' ({values})' if values else ''}")


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return _text(output["text"])
    if output["output_type"] == "error":
        return _text("\n".join(output["traceback"]))
    return _data(output["data"])


def _data(data: dict[str, Any]) -> str:
    for kind in _PICTURES:
        if kind in data:
            return f'<img alt="" style="max-width:100%" src="data:{kind};base64,{html.escape(_joined(data[kind]).strip())}">'
    if "image/svg+xml" in data:
        return _frame(_joined(data["image/svg+xml"]))
    if "text/html" in data:
        return _frame(_joined(data["text/html"]))
    for kind in ("text/markdown", "text/latex", "text/plain"):
        if kind in data:
            return _text(_joined(data[kind]))
    return _text(f"({', '.join(sorted(data))})")


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _text(text: str) -> str:
    return f'<pre style="{_STYLE}">{html.escape(_COLOUR.sub("", text))}</pre>'


def _frame(page: str) -> str:
    return f'<iframe sandbox="" style="width:100%;height:320px;border:0;resize:vertical" srcdoc="{html.escape(page)}"></iframe>'
