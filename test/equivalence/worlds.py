"""Runs notebooks as Restart & Run All in a real Jupyter kernel, each in its folder and with its environment variables.

Standard input is a JSON list of {"notebook", "out", "cwd", "variables"}; a notebook ends at its first error.
"""

from __future__ import annotations

import json
import os
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

for plan in json.load(sys.stdin):
    notebook = nbformat.read(plan["notebook"], 4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": plan["cwd"]}})
    try:
        client.execute(env={**os.environ, **plan["variables"]})
    except CellExecutionError:
        print(f"{plan['notebook']} raised, as Run All does")
    nbformat.write(notebook, plan["out"])
