"""Runs a notebook in the kernel that it names, from the first cell to the first error, as Restart & Run All does.

    python real_kernel.py NOTEBOOK TARGET FOLDER SECONDS

Kernels are looked for where Jupyter does, so `JUPYTER_PATH` may lead to more of them. Other than nbclient it listens on for a moment when a
cell has ended: Deno's kernel sends outputs after it has said that it is idle.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from typing import Any

from jupyter_client.manager import KernelManager

# So long there must be silence after a cell, and so long at most it is waited for.
SILENCE = 0.15
LONGEST = 1.0


def main(notebook: str, target: str, folder: str, seconds: str) -> None:
    """Write the notebook with its outputs."""
    with open(notebook, encoding="utf-8") as file:
        document = json.load(file)
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    started = time.monotonic()
    manager = KernelManager(kernel_name=document["metadata"]["kernelspec"]["name"])
    manager.start_kernel(cwd=folder, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        run_cells(client, document["cells"], time.monotonic() + float(seconds))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    for cell in document["cells"]:
        for output in cell.get("outputs", []):
            output.pop("transient", None)
    failed = any(has_error(cell) for cell in document["cells"] if cell["cell_type"] == "code")
    document["metadata"]["plain"] = {"seconds": time.monotonic() - started, "status": int(failed)}
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file)


def run_cells(client: Any, cells: list[dict[str, Any]], deadline: float) -> None:
    """Run the code cells; each output goes to the cell that the kernel says it is of."""
    by_message: dict[str, dict[str, Any]] = {}
    for cell in cells:
        if cell["cell_type"] != "code" or "".join(cell["source"]).strip() == "":
            continue
        message = client.execute("".join(cell["source"]), stop_on_error=False)
        by_message[message] = cell
        listen(client, message, by_message, deadline)
        failed = answer_of(client, message) == "error"
        if failed and not has_error(cell):
            listen_for_error(client, cell, by_message)
        if failed and not has_error(cell):
            cell["outputs"].append({"output_type": "error", "ename": "", "evalue": "", "traceback": []})
        if failed and "raises-exception" not in cell["metadata"].get("tags", []):
            return


def answer_of(client: Any, message: str) -> str:
    """What the kernel says of a cell in the end."""
    while True:
        reply = client.get_shell_msg(timeout=10)
        if reply["parent_header"].get("msg_id") == message:
            return str(reply["content"]["status"])


def listen(client: Any, message: str, by_message: dict[str, dict[str, Any]], deadline: float) -> None:
    """Take outputs until the cell has ended and it is silent."""
    ended = latest = 0.0
    while ended == 0.0 or (time.monotonic() - latest < SILENCE and time.monotonic() - ended < LONGEST):
        if time.monotonic() > deadline:
            raise TimeoutError("a cell did not end in time")
        try:
            found = client.get_iopub_msg(timeout=0.03)
        except queue.Empty:
            continue
        parent = found["parent_header"].get("msg_id")
        kind, content = found["msg_type"], found["content"]
        if kind == "status":
            if parent == message and content["execution_state"] == "idle":
                ended = latest = time.monotonic()
        elif parent in by_message:
            latest = time.monotonic()
            if kind == "update_display_data":
                update_display(list(by_message.values()), content)
            else:
                add_output(by_message[parent]["outputs"], kind, content)


def has_error(cell: dict[str, Any]) -> bool:
    """True when the kernel has said what went wrong."""
    return any(output["output_type"] == "error" for output in cell["outputs"])


def listen_for_error(client: Any, cell: dict[str, Any], by_message: dict[str, dict[str, Any]]) -> None:
    """Wait for what went wrong, which may come last; some kernels only print it."""
    started = time.monotonic()
    while not has_error(cell) and time.monotonic() - started < LONGEST:
        try:
            found = client.get_iopub_msg(timeout=0.05)
        except queue.Empty:
            continue
        parent = found["parent_header"].get("msg_id")
        if found["msg_type"] != "status" and parent in by_message:
            add_output(by_message[parent]["outputs"], found["msg_type"], found["content"])


def update_display(cells: list[dict[str, Any]], content: dict[str, Any]) -> None:
    """Show something else wherever a display with this name was shown, as a front end does."""
    for cell in cells:
        for output in cell["outputs"]:
            if output.get("transient") == content["transient"]["display_id"]:
                output.update(data=content["data"], metadata=content["metadata"])


def add_output(outputs: list[dict[str, Any]], kind: str, content: dict[str, Any]) -> None:
    """Add what a message says to a cell's outputs; text goes on the stream that is written already."""
    if kind == "stream":
        last = outputs[-1] if outputs else {}
        if last.get("output_type") == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
        else:
            outputs.append({"output_type": "stream", **content})
    elif kind in ("display_data", "execute_result"):
        count = {"execution_count": content["execution_count"]} if kind == "execute_result" else {}
        identity = content.get("transient", {}).get("display_id")
        outputs.append(
            {
                "output_type": kind,
                "data": content["data"],
                "metadata": content["metadata"],
                **count,
                **({"transient": identity} if identity else {}),
            }
        )
    elif kind == "error":
        kept = {name: content.get(name, "") for name in ("ename", "evalue")}
        outputs.append({"output_type": "error", "traceback": content.get("traceback", []), **kept})


if __name__ == "__main__":
    main(*sys.argv[1:])
