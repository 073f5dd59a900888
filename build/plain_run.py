"""Runs a notebook as Restart & Run All does: a fresh kernel, the notebook's folder, cell by cell until one raises."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main(source: str, target: str, timeout: int, folder: str) -> int:
    """Execute `source` in `folder` and write it with its outputs to `target`; 1 when a cell raised."""
    notebook = nbformat.read(source, as_version=4)
    kernel = "python3"
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=kernel,
        resources={"metadata": {"path": folder}},
        allow_errors=False,
        record_timing=False,
    )
    started = time.perf_counter()
    status = 0
    try:
        client.execute(env=dict(os.environ, PYTHONHASHSEED="0"))
    except CellExecutionError:
        status = 1
    seconds = time.perf_counter() - started
    notebook.metadata["plain"] = {"seconds": seconds, "status": status}
    temporary = Path(target + ".part")
    nbformat.write(notebook, temporary)
    temporary.replace(target)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
