"""Keeps hosts on a cluster: as many as there is room for, and another one for each that ends.

Started as `python engines.py` with one line of JSON on its standard input, which stays open as long as hosts are wanted:
{"kind": the engine, "address", "most": number of hosts or null, "executable": the interpreter of the cells, "host": what a host is
started with}. It says what happens as lines of JSON; `engine-program.ts` lists them.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import threading
import time
import zipfile
from typing import Any

from .engine import Engine, Launch, Unusable

_INTERVAL = 0.5
# Hosts that end again and again at once are started ever more slowly.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_LONG_LIFE = 30.0

_out = sys.stdout


def _say(message: dict[str, Any]) -> None:
    _out.write(json.dumps({"cellwright": message}) + "\n")
    _out.flush()


def _program() -> bytes:
    """What a host and its processes are, as a zip file that is the same each time."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packages = ("cellwright_host", "cellwright_store", "cellwright_worker")
    files = ["host.py", "worker.py"]
    for package in packages:
        files += [os.path.join(package, name) for name in sorted(os.listdir(os.path.join(root, package))) if name.endswith(".py")]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            with open(os.path.join(root, name), "rb") as file:
                archive.writestr(zipfile.ZipInfo(name), file.read())
    return buffer.getvalue()


class Keeper:
    """The hosts that there are, and when the next is to be started."""

    def __init__(self, engine: Engine, configuration: dict[str, Any]) -> None:
        """Nothing is started yet."""
        self._engine = engine
        self._configuration = configuration
        self._program = _program()
        self._running: dict[int, tuple[Any, float]] = {}
        self._started = 0
        self._pause = _FIRST_PAUSE
        self._due: list[float] = []

    def keep(self) -> None:
        """Start hosts, and others in their place, for ever."""
        capacity = self._engine.capacity()
        wanted = self._configuration["most"] or max(capacity.slots, 1)
        _say({"type": "ready", "slots": wanted, "about": capacity.about})
        self._due = [0.0] * wanted
        while True:
            now = time.monotonic()
            for _ in range(sum(due <= now for due in self._due)):
                self._start()
            self._due = [due for due in self._due if due > now]
            self._look()

    def _start(self) -> None:
        self._started += 1
        number = self._started
        host = {**self._configuration["host"], "name": f"host-{number}"}
        handle = self._engine.start(Launch(self._program, self._configuration["executable"], host))
        self._running[number] = (handle, time.monotonic())

    def _look(self) -> None:
        if not self._running:
            time.sleep(_INTERVAL)
            return
        handles = {number: handle for number, (handle, _) in self._running.items()}
        for ended, text in self._engine.ended(list(handles.values()), _INTERVAL):
            number = next(number for number, handle in handles.items() if handle is ended)
            _, since = self._running.pop(number)
            lived = time.monotonic() - since
            self._pause = _FIRST_PAUSE if lived > _LONG_LIFE else min(self._pause * 2, _LONGEST_PAUSE)
            self._due.append(time.monotonic() + (0 if lived > _LONG_LIFE else self._pause))
            _say({"type": "ended", "name": f"host-{number}", "text": text})


def main() -> None:
    """Keep hosts until nobody wants them."""
    configuration = json.loads(sys.stdin.readline())
    # What the engine's library prints is no message.
    sys.stdout = sys.stderr
    engine: Engine | None = None
    try:
        module = importlib.import_module(f"{__package__}.{configuration['kind']}_engine")
        engine = module.open_engine(configuration["address"])
        threading.Thread(target=_end_with_input, args=(engine,), daemon=True).start()
        Keeper(engine, configuration).keep()
    except Unusable as error:
        _say({"type": "failed", "message": str(error), "help": error.help})
    except Exception as error:  # noqa: BLE001  (whatever the engine's library raises is told)
        text = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        _say({"type": "failed", "message": text, "help": "It comes from the engine's own library; its log says more."})
    finally:
        _close(engine)


def _close(engine: Engine | None) -> None:
    # A library that hangs at its end must not keep this process; what it started ends with its connection.
    threading.Timer(5.0, lambda: os._exit(0)).start()
    try:
        if engine is not None:
            engine.close()
    finally:
        os._exit(0)


def _end_with_input(engine: Engine) -> None:
    """The run is over, or whoever ran it is gone."""
    while os.read(0, 1 << 12):
        pass
    _close(engine)
