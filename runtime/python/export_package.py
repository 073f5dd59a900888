"""Writes a notebook as a Python package.

Usage: export_package.py < REQUEST > ANSWER, both JSON. Nothing of the notebook is executed or imported.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from cellwright_export.cells import read_cell
from cellwright_export.package import Request, write_package
from cellwright_export.plan import make_plan
from cellwright_export.types import Annotations


def export(given: dict[str, Any]) -> dict[str, Any]:
    """The files of the package, and what stands in the way of it."""
    plan = make_plan([read_cell(cell) for cell in given["cells"]], given["folder"])
    annotations = Annotations(given["types"])
    annotations.know(plan)
    request = Request(given["name"], given["package"], given["parameters"], given["parametersCell"], annotations)
    files = write_package(plan, request)
    for name, text in files.items() if not plan.problems else ():
        compile(text, name, "exec", dont_inherit=True)
    return {
        "files": files,
        "functions": [[function.cell.id, function.name, function.inputs, function.outputs] for function in request.functions],
        "definitions": list(plan.moved),
        "stays": plan.stays,
        "problems": [vars(problem) for problem in plan.problems],
    }


if __name__ == "__main__":
    json.dump(export(json.load(sys.stdin)), sys.stdout)
