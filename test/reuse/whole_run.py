"""Says what a notebook, or the package that was made of it, prints, and what its variables are at the end.

Usage: whole_run.py notebook FILE PACKAGE | package PACKAGE PACKAGE [PARAMETERS]; prints a JSON document on the last line.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import sys
import traceback
import types
from typing import Any


def shown(value: Any, package: str) -> str:
    """How a value is told from others, without addresses and without the module of its class."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    text = re.sub(r"0x[0-9a-f]+", "0x", repr(value))
    return re.sub(r"\b(?:__main__|" + package + r"\.\w+)\.|\w+\.<locals>\.", "", text)


def run_notebook(file: str) -> dict[str, Any]:
    """All cells in IPython, as far as they go."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.interactiveshell import InteractiveShell

    class Silent(DisplayHook):
        """What a cell gives is not what it prints."""

        def __call__(self, result: Any = None) -> None:
            if result is not None:
                self.update_user_ns(result)

    with open(file, encoding="utf-8") as opened:
        cells = json.load(opened)["cells"]
    shell: Any = InteractiveShell.instance()
    shell.displayhook.__class__ = Silent
    shell.enable_gui = shell.enable_matplotlib = lambda *_, **__: ("agg", "agg")
    shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None
    hidden = set(shell.user_ns)
    shell.user_ns["display"] = lambda *things, **_: print(*things)
    error = ""
    for cell in cells:
        if cell["cell_type"] != "code" or "skip" in cell["metadata"].get("tags", []):
            continue
        done = shell.run_cell("".join(cell["source"]), store_history=True)
        problem = done.error_before_exec or done.error_in_exec
        if problem is not None:
            error = type(problem).__name__
            break
    return {"error": error, "final": {name: value for name, value in shell.user_ns.items() if name not in hidden}}


def run_package(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Its `main`."""
    try:
        return {"error": "", "final": importlib.import_module(name).main(**parameters)}
    except Exception as error:
        traceback.print_exc()
        return {"error": type(error).__name__, "final": {}}


if __name__ == "__main__":
    sys.path.insert(0, ".")
    out = io.StringIO()
    kind, place = sys.argv[1:3]
    package = sys.argv[3]
    parameters = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
    with contextlib.redirect_stdout(out):
        found = run_notebook(place) if kind == "notebook" else run_package(place, parameters)
    values = {name: shown(value, package) for name, value in found["final"].items()}
    # How long a cell took is not what it gave.
    said = re.sub(r"^(?:CPU times|Wall time): .*\n", "", out.getvalue(), flags=re.MULTILINE)
    print(json.dumps({"error": found["error"], "out": said, "final": values, "modules": sorted(sys.modules)}))
