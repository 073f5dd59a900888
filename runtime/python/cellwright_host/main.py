"""A host: it comes to the driver of a run, starts a warm parent when it is told to, and passes on what its processes say.

Started as `python host.py` with one line of JSON on its standard input, which stays open as long as the host is wanted:
{"address": [host, port] of the driver, "token", "name", "node", "run", "store": see `stores.open_stores`, "patience": seconds,
"objects": folder of objects where this is the driver's own machine, "parent": what the warm parent is started with}.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from typing import Any, Optional

from .driver import Driver, Gone
from .folders import SharedFolder, make_missing, remove_empty
from .installation import describe
from .objects import Objects
from .relay import Relay
from .stores import open_stores

# The driver says something every few seconds.
_LONGEST_SILENCE = 90.0
_WORKER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "worker.py")


class Host:
    """What there is of one."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        """Comes to the driver; raises `Gone` when it cannot."""
        self._configuration = configuration
        self._parent: Optional[subprocess.Popen[bytes]] = None
        self._shared = SharedFolder(configuration["run"])
        self._own = self._shared.own()
        self._made: list[str] = []
        self._ending = threading.Lock()
        name, token, address = configuration["name"], configuration["token"], tuple(configuration["address"])
        self._is_home = configuration["objects"] is not None
        self._driver = Driver(address, token, name)
        stores = open_stores(configuration["store"], address, token, name)
        root = configuration["objects"] or os.path.join(self._shared.path, "store")
        self._objects = Objects(root, stores, configuration["patience"], self._say)
        self._relay = Relay(self._driver, self._objects, self._socket, self.end)

    @property
    def _socket(self) -> str:
        return os.path.join(self._own, "s")

    def _say(self, text: str) -> None:
        self._driver.send({"type": "said", "text": text})

    def serve(self) -> None:
        """Do what the driver says until it goes, or says that it is over."""
        problem = self._enter_folder()
        refusal = self._objects.refusal()
        if not problem and refusal is None:
            self._start_parent()  # It imports while this looks at what is installed; nothing runs before the driver asks for it.
        hello = {"type": "hello", "node": self._configuration["node"], "installation": describe(), "problem": problem}
        self._driver.send({**hello, "refusal": refusal})
        while True:
            message = self._driver.receive(_LONGEST_SILENCE)
            kind = message["type"]
            if kind == "beat":
                self._driver.send({"type": "beat"})
            elif kind == "end":
                return
            else:
                self._relay.deliver(message)

    def _enter_folder(self) -> str:
        """The folder that the cells run in, by the same path as on the driver's machine; gives why it cannot be had."""
        try:
            self._made = make_missing(self._configuration["parent"]["cwd"])
        except OSError as error:
            return f"it has no folder {self._configuration['parent']['cwd']} and cannot make it ({error.strerror})"
        return ""

    def _start_parent(self) -> None:
        parent = dict(self._configuration["parent"])
        executable, environment = parent.pop("executable"), parent.pop("environment")
        journal = parent.pop("journal") or os.path.join(self._own, "effects")
        more = {
            "socket": self._socket,
            "store": self._objects.root,
            "journal": journal,
            "mayStandBy": False,
            "tellsGrounds": not self._is_home,
        }
        self._parent = subprocess.Popen(
            [executable, "-X", "utf8", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=parent["cwd"],
            env=environment,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._parent,), daemon=True).start()
        try:
            assert self._parent.stdin is not None
            with self._parent.stdin as stream:
                stream.write(json.dumps({**parent, **more}).encode() + b"\n")
        except BrokenPipeError:
            pass  # It has ended, which is told.

    def _listen(self, parent: subprocess.Popen[bytes]) -> None:
        """What the warm parent complains of, and its end."""
        try:
            assert parent.stderr is not None
            for line in parent.stderr:
                self._driver.send({"type": "complaint", "text": line.decode("utf-8", "replace")})
            parent.wait()
            self._driver.send({"type": "parent-ended"})
        except Gone:
            pass

    def end(self) -> None:
        """Nothing of it stays: no process, no file, no folder that it made; ends this process, whoever of its threads calls it."""
        self._ending.acquire()  # For ever: who comes second has nothing to do but to wait for the end.
        if self._parent is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._parent.pid, signal.SIGKILL)
        self._driver.close()
        remove_empty(self._made)
        shutil.rmtree(self._own, ignore_errors=True)
        self._shared.leave()
        os._exit(0)


def main() -> None:
    """Be a host for one run."""
    host: Optional[Host] = None
    try:
        host = Host(json.loads(sys.stdin.readline()))
        threading.Thread(target=_end_with_input, args=(host,), daemon=True).start()
        host.serve()
    except Gone as error:
        print(f"the driver could not be served: {error}", file=sys.stderr, flush=True)
    except ImportError as error:
        print(f"a package is missing for the store ({error}): install s3fs for s3://, gcsfs for gs://", file=sys.stderr, flush=True)
    finally:
        if host is not None:
            host.end()


def _end_with_input(host: Host) -> None:
    """Whoever started it wants it no longer, or is gone."""
    while os.read(sys.stdin.fileno(), 1 << 12):
        pass
    host.end()
