"""Hosts on this very machine: to try out what a cluster would do, and to test what all engines share."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from .engine import Capacity, Launch, Unusable
from .slot import keep_host


class _Kept(threading.Thread):
    """A host, for as long as it is there."""

    def __init__(self, launch: Launch, node: str) -> None:
        super().__init__(daemon=True)
        self._given = (launch.program, launch.executable, launch.host, node)
        self.text = ""

    def run(self) -> None:
        """Be it."""
        self.text = keep_host(*self._given)


class LocalEngine:
    """So many hosts as the address says."""

    def __init__(self, slots: int) -> None:
        """Nothing is started yet."""
        self._slots = slots
        self._started = 0

    def capacity(self) -> Capacity:
        """As `Engine` says."""
        return Capacity(self._slots, f"{self._slots} hosts on this machine")

    def start(self, launch: Launch) -> Any:
        """As `Engine` says."""
        self._started += 1
        kept = _Kept(launch, f"local {self._started}")
        kept.start()
        return kept

    def ended(self, handles: list[Any], seconds: float) -> list[tuple[Any, str]]:
        """As `Engine` says."""
        time.sleep(seconds)
        return [(kept, kept.text) for kept in handles if not kept.is_alive()]

    def close(self) -> None:
        """Hosts see the end of their input when this process ends."""


def open_engine(address: str) -> LocalEngine:
    """`address` is a number of hosts; as many as there are processors where it is empty."""
    if address and not (address.isdecimal() and int(address) > 0):
        raise Unusable(f"{address} is no number of hosts", "Write local://2 for two hosts.")
    return LocalEngine(int(address or os.cpu_count() or 1))
