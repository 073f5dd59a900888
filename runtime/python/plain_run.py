"""Runs a notebook as Restart & Run All does: a fresh kernel, cell by cell, until one raises.

Usage: plain_run.py SOURCE TARGET FOLDER [SECONDS] [--secret VARIABLE]...; ends with 1 when a cell raised. It needs nbclient and
ipykernel, and runs the kernel in the interpreter that runs this file, whatever kernels are installed elsewhere. The text that the
environment has under the name of a secret is not written.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

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


def veil(value: Any, mask: Any) -> Any:
    """A value of JSON, masked wherever there is text."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [veil(item, mask) for item in value]
    if isinstance(value, dict):
        return type(value)((mask(name), veil(item, mask)) for name, item in value.items())
    return value


def main(source: str, target: str, folder: str, timeout: int | None, secrets: list[str]) -> int:
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
    if secrets:
        from cellwright_worker.kept_secrets import KeptSecrets

        kept = KeptSecrets()
        kept.take(secrets, dict(os.environ))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [veil(output, kept.mask) for output in cell.outputs]
    notebook.metadata["plain"] = {"seconds": time.perf_counter() - started, "status": status}
    temporary = Path(target + ".part")
    nbformat.write(notebook, temporary)
    temporary.replace(target)
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for word in ("source", "target", "folder"):
        parser.add_argument(word)
    parser.add_argument("seconds", type=int, nargs="?")
    parser.add_argument("--secret", action="append", default=[])
    given = parser.parse_args()
    raise SystemExit(main(given.source, given.target, given.folder, given.seconds, given.secret))
