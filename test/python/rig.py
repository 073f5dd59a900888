"""A sequential scheduler in a few lines, to test the worker alone: every cell in its own process, in order."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = os.path.join(HERE, "..", "..", "runtime", "python", "worker.py")


class Line:
    """One connection, read line by line."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.file = connection.makefile("rb")

    def send(self, message: dict[str, Any]) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        line = self.file.readline()
        return json.loads(line) if line else None


class Rig:
    """Runs cells one by one; `versions` maps every name to its value's reference."""

    def __init__(self, prelude: list[str] | None = None, cwd: str | None = None) -> None:
        self.folder = tempfile.mkdtemp(prefix="cellwright-rig-")
        path = os.path.join(self.folder, "s")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(8)
        self.process = subprocess.Popen(
            [sys.executable, "-X", "utf8", WORKER],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        assert self.process.stdin is not None
        store = os.path.join(self.folder, "store")
        os.makedirs(store)
        configuration = {
            "socket": path,
            "token": "t",
            "store": store,
            "prelude": prelude or [],
            "cwd": cwd or tempfile.mkdtemp(prefix="cellwright-cwd-"),
        }
        self.process.stdin.write(json.dumps(configuration).encode() + b"\n")
        self.process.stdin.flush()
        self.parent = self._accept()
        self.versions: dict[str, dict[str, str]] = {}
        self.holders: dict[str, Line] = {}
        self.history: list[str] = []
        self.results: list[dict[str, Any]] = []
        self.outputs: list[list[dict[str, Any]]] = []

    def _accept(self) -> Line:
        self.server.settimeout(60)
        line = Line(self.server.accept()[0])
        line.hello = line.receive()  # type: ignore[attr-defined]
        return line

    def _binding(self, name: str) -> dict[str, Any]:
        if name in self.versions:
            return {"kind": "value", "ref": self.versions[name]}
        return {"kind": "absent"}

    def run(self, source: str, preload: list[str] | None = None) -> list[dict[str, Any]]:
        """Run a cell in a new process (or the one that holds what it needs); gives its outputs."""
        implicit = [name for name in self.versions if name.startswith(("state:", "slot:"))]
        line, keep = None, []
        for name in self.holders:
            if name.startswith(("state:", "slot:")) or name in source:
                line = self.holders[name]
        if line is None:
            self.parent.send({"type": "fork", "attempt": f"a{len(self.results)}"})
            line = self._accept()
        else:
            keep = [name for name, holder in self.holders.items() if holder is line]
        self.history.append(source)
        line.send(
            {
                "type": "run",
                "attempt": f"a{len(self.results)}",
                "task": f"t{len(self.results)}",
                "source": source,
                "executionCount": len(self.history),
                "inputHistory": self.history[:-1],
                "preload": {name: self._binding(name) for name in [*implicit, *(preload or [])]},
                "exposes": "*",
                "shadowedBuiltins": [],
                "head": True,
                "keep": keep,
                "allowErrors": False,
            }
        )
        outputs: list[dict[str, Any]] = []
        while True:
            message = line.receive()
            assert message is not None, "the worker died"
            if message["type"] == "output":
                outputs.append(message["output"])
            elif message["type"] == "need":
                line.send({"type": "binding", "name": message["name"], "binding": self._binding(message["name"])})
            elif message["type"] == "done":
                break
            else:
                raise AssertionError(message)
        result = message["result"]
        for name, write in result["writes"].items():
            self.versions[name] = write["ref"]
            self.holders.pop(name, None)
        for name in result["deletes"]:
            self.versions.pop(name, None)
        for name in result["held"]:
            self.holders[name] = line
            self.versions.pop(name, None)
        self.results.append(result)
        self.outputs.append(outputs)
        if line not in self.holders.values():
            line.send({"type": "exit"})
        return outputs

    def text(self, source: str, preload: list[str] | None = None) -> str:
        """What a cell printed, its result's text and its error's name."""
        parts = []
        for output in self.run(source, preload):
            if output["kind"] == "stream":
                parts.append(output["text"])
            elif output["kind"] in ("result", "display"):
                parts.append(output["data"].get("text/plain", ""))
            elif output["kind"] == "error":
                parts.append(output["ename"] + ": " + output["evalue"])
        return "".join(parts)

    def close(self) -> None:
        self.parent.send({"type": "exit"})
        self.process.wait(10)
