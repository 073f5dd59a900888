"""Runs a notebook as Restart & Run All does: a fresh kernel, cell by cell, until one raises.

Usage: plain_run.py SOURCE TARGET FOLDER [SECONDS]; ends with 1 when a cell raised. It needs nbclient and ipykernel,
and runs the kernel in the interpreter that runs this file, whatever kernels are installed elsewhere.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


class OwnKernelManager(AsyncKernelManager):
    """Starts the kernel with this interpreter."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Ipykernel in this interpreter."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python", language="python")


def main(source: str, target: str, folder: str, timeout: int | None) -> int:
    """Execute `source` in `folder` and write it with its outputs to `target`."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": folder}},
        record_timing=False,
    )
    started = time.perf_counter()
    status = 0
    try:
        client.execute()
    except CellExecutionError:
        status = 1
    notebook.metadata["plain"] = {"seconds": time.perf_counter() - started, "status": status}
    temporary = Path(target + ".part")
    nbformat.write(notebook, temporary)
    temporary.replace(target)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else None))
