"""What an engine has to do: start a function somewhere on its machines, for as long as it runs, and say when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Unusable(Exception):
    """The engine cannot be used."""

    def __init__(self, message: str, help: str) -> None:
        """`help` is what to do about it."""
        super().__init__(message)
        self.help = help


@dataclass(frozen=True)
class Capacity:
    """How many hosts there is room for, and what there is, for people."""

    slots: int
    about: str


@dataclass(frozen=True)
class Launch:
    """What a machine needs to start a host: the program as a zip file, the interpreter, and the host's line of JSON."""

    program: bytes
    executable: str
    host: dict[str, Any]


class Engine(Protocol):
    """One file an engine; `open_engine` of that file makes it, and raises `Unusable`."""

    def capacity(self) -> Capacity:
        """What there is now."""

    def start(self, launch: Launch) -> Any:
        """Let `slot.keep_host(program, executable, host)` run on some machine with one processor to itself; gives a handle."""

    def ended(self, handles: list[Any], seconds: float) -> list[tuple[Any, str]]:
        """Those that have ended, each with why, after at most so many seconds."""

    def close(self) -> None:
        """End all that was started."""
