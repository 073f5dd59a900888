"""Questions of a task's process to the scheduler, one at a time.

A thread of the notebook may outlive its cell and look a variable up while nothing runs. It must not read what the scheduler sends
to the main thread, so it waits: the main thread has the turn except while a cell runs.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

from .channel import Channel, Disconnected, Message


class Conversation:
    """The channel, and whose turn it is."""

    def __init__(self, channel: Channel) -> None:
        """The thread that makes it is the main one."""
        self._channel = channel
        self._backlog: list[Message] = []
        self._turn = threading.RLock()
        self._turn.acquire()

    @property
    def is_foreign(self) -> bool:
        """True in a child that user code forked: the channel belongs to its parent."""
        return self._channel.foreign

    def next(self) -> Message:
        """What the scheduler sends between tasks."""
        return self._backlog.pop(0) if self._backlog else self._channel.receive()

    def tell(self, message: Message) -> None:
        """Send what needs no answer."""
        self._channel.send(message)

    @contextlib.contextmanager
    def open_to_all(self) -> Iterator[None]:
        """While a cell runs, every thread may ask; who is asking when it ends gets its answer first."""
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else asks meanwhile."""
        with self._turn:
            yield

    def ask(self, message: Message, kind: str) -> Any:
        """Send a question and wait for an answer of a kind; ends the process when there will be none."""
        with self._turn:
            self._channel.send(message)
            while True:
                answer = self._channel.receive()
                if answer["type"] == kind:
                    return answer
                if answer["type"] == "exit":
                    os._exit(0)
                self._backlog.append(answer)

    def end(self, message: Message) -> None:
        """Say why this process cannot go on, and end it."""
        with contextlib.suppress(Disconnected):
            self.ask(message, "permit")
        os._exit(0)
