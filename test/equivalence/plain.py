"""Runs notebooks as Restart & Run All in a real Jupyter kernel: `plain.py IN OUT` pairs; stops a notebook at its first error."""

from __future__ import annotations

import os
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
    notebook = nbformat.read(source, 4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": os.path.dirname(source)}})
    try:
        client.execute()
    except CellExecutionError:
        print(f"{source} raised, as Run All does")
    nbformat.write(notebook, target)
