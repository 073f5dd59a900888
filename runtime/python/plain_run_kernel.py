"""Runs a notebook in a kernel of another language as Restart & Run All does: a fresh kernel, cell by cell, until one raises.

Usage: plain_run_kernel.py SOURCE TARGET FOLDER [--secret VARIABLE]... -- PROGRAM WORD...; ends with 1 when a cell raised. It needs
jupyter_client. What comes after a cell has ended is still the cell's: Deno's kernel says that it is idle before it has sent everything.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import time
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

# Seconds of silence after a cell has ended, and for how long it is waited for them.
_SILENCE, _PATIENCE = 0.2, 3.0
_MOST_START = 60.0


class _GivenKernel(KernelManager):
    """Starts the kernel with the command that was given."""

    def __init__(self, command: list[str]) -> None:
        super().__init__()
        self._command = command

    @property
    def kernel_spec(self) -> KernelSpec:
        """A specification of this very command."""
        return KernelSpec(argv=self._command, display_name="kernel", language="other")


class _Execution:
    """What the kernel has said of the cells so far."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._cells: dict[str, dict[str, Any]] = {}

    def run(self, cell: dict[str, Any]) -> bool:
        """Run a cell; False when it raised."""
        cell["outputs"] = []
        message: str = self._client.execute("".join(cell["source"]), stop_on_error=False)
        self._cells[message] = cell
        self._listen(message)
        while True:
            reply = self._client.get_shell_msg(timeout=_MOST_START)
            if reply["parent_header"].get("msg_id") == message:
                break
        failed: bool = reply["content"]["status"] == "error"
        if failed and not any(output["output_type"] == "error" for output in cell["outputs"]):
            content = reply["content"]
            said = {"ename": content.get("ename", ""), "evalue": content.get("evalue", ""), "traceback": content.get("traceback", [])}
            cell["outputs"].append({"output_type": "error", **said})
        return not failed

    def _listen(self, message: str) -> None:
        ended = latest = 0.0
        while not ended or (time.monotonic() - latest < _SILENCE and time.monotonic() - ended < _PATIENCE):
            try:
                found = self._client.get_iopub_msg(timeout=0.05)
            except queue.Empty:
                continue
            latest = time.monotonic()
            parent = found["parent_header"].get("msg_id")
            if found["msg_type"] == "status" and found["content"]["execution_state"] == "idle" and parent == message:
                ended = latest
            elif parent in self._cells:
                _add(self._cells[parent]["outputs"], found["msg_type"], found["content"])


def _add(outputs: list[dict[str, Any]], kind: str, content: dict[str, Any]) -> None:
    if kind == "stream":
        if outputs and outputs[-1]["output_type"] == "stream" and outputs[-1]["name"] == content["name"]:
            outputs[-1]["text"] += content["text"]
        else:
            outputs.append({"output_type": kind, "name": content["name"], "text": content["text"]})
    elif kind in ("display_data", "execute_result"):
        count = {"execution_count": content["execution_count"]} if kind == "execute_result" else {}
        outputs.append({"output_type": kind, "data": content["data"], "metadata": content.get("metadata", {}), **count})
    elif kind == "error":
        outputs.append({"output_type": kind, **{name: content[name] for name in ("ename", "evalue", "traceback")}})
    elif kind == "clear_output":
        outputs.clear()


def _veil(value: Any, mask: Any) -> Any:
    """A value of JSON, masked wherever there is text."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_veil(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(name): _veil(item, mask) for name, item in value.items()}
    return value


def main(source: str, target: str, folder: str, secrets: list[str], command: list[str]) -> int:
    """Execute `source` in `folder` and write it with its outputs to `target`."""
    document = json.loads(Path(source).read_text(encoding="utf-8"))
    manager = _GivenKernel(command)
    manager.start_kernel(cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    ok = True
    try:
        client.wait_for_ready(timeout=_MOST_START)
        # The first outputs of a kernel are lost while the connection for them is being made.
        time.sleep(0.5)
        execution = _Execution(client)
        for cell in document["cells"]:
            if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
                continue
            if not execution.run(cell) and "raises-exception" not in cell["metadata"].get("tags", []):
                ok = False
                break
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if secrets:
        from cellwright_worker.kept_secrets import KeptSecrets

        kept = KeptSecrets()
        kept.take(secrets, dict(os.environ))
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = _veil(cell["outputs"], kept.mask)
    temporary = Path(target + ".part")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(target)
    return 0 if ok else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for word in ("source", "target", "folder"):
        parser.add_argument(word)
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    raise SystemExit(main(given.source, given.target, given.folder, given.secret, given.command))
