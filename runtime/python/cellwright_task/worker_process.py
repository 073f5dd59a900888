"""The worker's processes, as the scheduler of a local run starts them: a warm parent that imports, and children that run cells."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any, Optional

from .cell_engines import command_for
from .problem import Problem, StepFailed
from .vouching import KEY_VARIABLE

Message = dict[str, Any]

# Settings of libraries that make no difference to results; the worker takes them out again before a cell can see them.
_FOR_WORKERS = {"OMP_WAIT_POLICY": "PASSIVE"}
_LONGEST_FAREWELL = 5.0
_ROOM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class WorkerDied(Exception):
    """The process of a cell ended before the cell did."""


class Connection:
    """One process that has said hello."""

    def __init__(self, link: socket.socket) -> None:
        """`link` has just been accepted."""
        self._link = link
        self._pending = b""
        self.hello: Message = {}

    def send(self, message: Message) -> None:
        """Send one message; nothing when the other side is gone, which reading will tell."""
        with contextlib.suppress(OSError):
            self._link.sendall(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")

    def receive(self, seconds: Optional[float] = None) -> Optional[Message]:
        """The next message; None after so many seconds; `WorkerDied` when there will be none."""
        self._link.settimeout(seconds)
        while b"\n" not in self._pending:
            try:
                chunk = self._link.recv(1 << 16)
            except socket.timeout:
                return None
            except OSError as error:
                raise WorkerDied from error
            if not chunk:
                raise WorkerDied
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        message: Message = json.loads(line.decode("utf-8", "surrogatepass"))
        return message

    @property
    def pid(self) -> int:
        """Of the process."""
        return int(self.hello["pid"])

    def signal(self, number: int) -> None:
        """To the process, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> None:
        """As a kernel is shut down: what its files hold back is written."""
        self.send({"type": "exit"})
        with contextlib.suppress(WorkerDied):
            while self.receive(_LONGEST_FAREWELL) is not None:
                pass
        self.kill()

    def leave(self) -> None:
        """Hang up, without a word."""
        self._link.close()

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)
        self._link.close()


class WorkerProcesses:
    """Where the worker's processes of one step come from."""

    def __init__(self, start: Message, language: str) -> None:
        """`start`: the folders `store` and `cwd`, `cells` and `secrets` as the worker's parent takes them."""
        self._command = command_for(language)
        # A short path: the name of a socket may have about a hundred letters.
        self.folder = tempfile.mkdtemp(prefix="cw-", dir="/tmp" if os.path.isdir("/tmp") else None)
        self._path = os.path.join(self.folder, "s")
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self._path)
        self._server.listen(64)
        self._token = secrets.token_hex(16)
        self._complaint = open(os.path.join(self.folder, "complaint"), "w+b")  # noqa: SIM115  (closed by stop)
        self._parents: dict[str, Connection] = {}
        self._next = 0
        self._compile()
        self._child = self._start(start)
        self._await_parent("")

    @staticmethod
    def _compile() -> None:
        """Once for all steps: the worker itself writes no compiled code, since a cell could see it appear."""
        package = os.path.join(_ROOM, "cellwright_worker")
        if os.path.isdir(os.path.join(package, "__pycache__")) or not os.access(package, os.W_OK):
            return
        import compileall

        compileall.compile_dir(package, quiet=2)

    def _start(self, start: Message) -> subprocess.Popen[bytes]:
        environment = {**_FOR_WORKERS, **os.environ, "PYTHONHASHSEED": "0"}
        # What a cell can read, it can sign with.
        environment.pop(KEY_VARIABLE, None)
        hidden = [name for name in _FOR_WORKERS if name not in os.environ]
        child = subprocess.Popen(
            self._command,
            cwd=start["cwd"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._complaint,
            start_new_session=True,
        )
        journal = os.path.join(self.folder, "journal")
        line = {
            "hidden": hidden,
            "socket": self._path,
            "token": self._token,
            "journal": journal,
            "start": "fork",
            "mayStandBy": False,
            **start,
        }
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin as stream:
            stream.write(json.dumps(line).encode() + b"\n")
        return child

    def _accept(self) -> Connection:
        """The next process that knows the token; `StepFailed` when the parent has gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            while True:
                while not selector.select(0.2):
                    if self._child.poll() is not None:
                        raise self._unusable()
                link, _ = self._server.accept()
                connection = Connection(link)
                hello = connection.receive()
                if hello is not None and hello["type"] == "hello" and hello.get("token") == self._token:
                    connection.hello = hello
                    return connection
                link.close()

    def _unusable(self) -> StepFailed:
        message = f"{self._command[0]} cannot run the cells: {self.complaint() or 'its process ended'}"
        help_text = "Install IPython for this interpreter, or what the kernel of the notebook is made of; or use another image."
        return StepFailed(Problem("CW501", message, help_text), 3)

    def complaint(self) -> str:
        """What the processes said on their standard error."""
        self._complaint.seek(0)
        return self._complaint.read()[-4000:].decode("utf-8", "replace").strip()

    def _await_parent(self, stage: str) -> None:
        connection = self._accept()
        self._parents[stage] = connection

    def stage(self, steps: list[Message]) -> str:
        """The name of a parent that has taken these import steps."""
        last = ""
        for count in range(1, len(steps) + 1):
            key = json.dumps(steps[:count], sort_keys=True)
            if key not in self._parents:
                self._parents[key] = self._grow(self._parents[last], steps[count - 1])
            last = key
        return last

    def _grow(self, parent: Connection, step: Message) -> Connection:
        self._next += 1
        stage = f"s{self._next}"
        parent.send({"type": "stage", "stage": stage, "steps": [step]})
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ, "server")
            selector.register(parent._link, selectors.EVENT_READ, "parent")
            while True:
                ready = selector.select(0.2)
                if self._child.poll() is not None:
                    raise self._unusable()
                for key, _ in ready:
                    if key.data == "server":
                        return self._accept()
                    answer = parent.receive()
                    if answer is not None and answer["type"] == "stage-same":
                        return parent
                    if answer is not None and answer["type"] == "stage-lost":
                        raise self._unusable()

    def fork(self, steps: list[Message]) -> Connection:
        """A process that nobody has used, after these import steps."""
        self._next += 1
        self._parents[self.stage(steps)].send({"type": "fork", "attempt": f"a{self._next}"})
        return self._accept()

    def stop(self) -> None:
        """End all processes, and the programs that cells have started."""
        for parent in self._parents.values():
            parent.leave()
        # A program that has processes of other groups ends them when nobody asks it any more.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(0.0 if self._command[0] == sys.executable else _LONGEST_FAREWELL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._server.close()
        self._complaint.close()
        shutil.rmtree(self.folder, ignore_errors=True)
