"""The service of one page: a child process that speaks JSON-RPC, one message a line."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Callable, Sequence

# Outputs of a cell are one message, pictures included.
_LONGEST_LINE = 2**28
# Seconds that the service has to end by itself after its input has ended.
_PATIENCE = 5


class ServiceProcess:
    """One child. Runs that it started are processes of their own and go on without it."""

    def __init__(self, process: asyncio.subprocess.Process, log: logging.Logger) -> None:
        self._process = process
        self._log = log
        self._told = asyncio.create_task(self._log_errors())

    @classmethod
    async def start(cls, words: Sequence[str], folder: str, log: logging.Logger) -> ServiceProcess:
        """Starts it in a folder; no shell is between.

        :raises OSError: when the program cannot be started
        """
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=_LONGEST_LINE,
            # Ctrl-C in the server's terminal is the server's to answer.
            start_new_session=True,
        )
        return cls(process, log)

    async def send(self, line: str) -> None:
        """Hands on one message.

        :raises ConnectionError: when the service has ended
        """
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def pass_on(self, receive: Callable[[str], object]) -> int:
        """Gives every message of the service to `receive` until it ends; then its exit code."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            receive(line.decode().rstrip("\n"))
        return await self._process.wait()

    async def end(self) -> None:
        """Closes its input, and ends it when that is not enough."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._told

    async def _log_errors(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._log.warning("cellwright: %s", line.decode(errors="replace").rstrip())
