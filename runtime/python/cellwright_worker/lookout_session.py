"""What one task's process asks the system, call by call: noted, let go on, or held until it is the task's turn."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import struct
import time
from typing import Any, NamedTuple

from .file_names import absolute
from .journal import Journal
from .marks import mark
from .own_files import OwnFiles
from .system_calls import Shape, keeps_content, machine, opens_to_write, shapes

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_SET_FLAGS, _WAKE_ON_THE_SAME_PROCESSOR = 0x40082104, 1
_CONTINUE = 1
_HERE = -100
# As a process names itself.
_OF_ITSELF = ("/proc/self/", "/proc/thread-self/")
_LONGEST_PATH = 4096
_LOCAL, _INTERNET = 1, (2, 10)
# Where the C library asks for names of users and machines.
_OF_THE_SYSTEM = (b"/var/run/nscd/", b"/run/nscd/", b"/run/systemd/", b"/dev/log")


class Call(NamedTuple):
    """One call that waits for an answer."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


class Session:
    """The calls of one process, of its threads, and of the programs that it started."""

    def __init__(self, listener: int, bell: socket.socket, journal: Journal, introduction: dict[str, Any]) -> None:
        """`introduction` is what the task says of itself: its process, and which files are its own affair."""
        self._listener = listener
        with contextlib.suppress(OSError):  # Before Linux 6.6.
            fcntl.ioctl(listener, _SET_FLAGS, _WAKE_ON_THE_SAME_PROCESSOR)
        self._bell = bell
        self._journal = journal
        self.owner: int = introduction["pid"]
        self._own = OwnFiles(tuple(introduction["roots"]), tuple(introduction["shared"]))
        # Since when the task has not heard that it was called.
        self.rung: float | None = None
        known = machine()
        self._shapes: dict[int, Shape] = shapes(known.numbers) if known is not None else {}
        self._memory = os.open(f"/proc/{self.owner}/mem", os.O_RDONLY)
        self._command_line = _command_line(self.owner)
        self._held: list[Call] = []
        self._begin(watching=False, permitted=True)

    def _begin(self, watching: bool, permitted: bool) -> None:
        self._watching, self._permitted = watching, permitted
        self._programs_are_known = False
        # How often each path was opened; Python counts as well, and the difference is what native code opened.
        self._opened: dict[str, int] = {}
        self._reads: dict[tuple[str, str], str] = {}
        self._written: dict[str, None] = {}
        self._effects: set[str] = set()
        self._unseen = 0

    # What the task says.

    def told(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what the task's process says; every message has an answer."""
        kind = message["type"]
        if kind == "begin":
            self._begin(True, message["permitted"])
            self._written.update(dict.fromkeys(message["written"]))
        elif kind == "permitted":
            self._permitted = True
            self._release()
        elif kind == "programs-are-known":
            self._programs_are_known = True
        elif kind == "hang-up":
            self._bell.sendall(b"\n")
        elif kind == "end":
            self._watching = False
            self._release()
        return self._report() if kind in ("report", "end") else {}

    def _report(self) -> dict[str, Any]:
        reads = [[path, kind, answer, self._opened.get(path, 0)] for (path, kind), answer in self._reads.items()]
        return {"reads": reads, "written": list(self._written), "effects": sorted(self._effects), "unseen": self._unseen}

    def heard(self, said: bytes) -> None:
        """The task knows that it was called."""
        self.rung = None

    def task_is_gone(self) -> None:
        """What it has started may go on."""
        self._watching = False
        self._bell.close()
        os.close(self._memory)
        self._release()

    # What the kernel asks.

    def asked(self) -> None:
        """Answer one call, or hold it."""
        buffer = bytearray(80)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, buffer)
        except OSError:
            return  # It was interrupted, or its process ended.
        identity, thread, _, number, _, _, *arguments = struct.unpack("=QIIiIQ6Q", buffer)
        call = Call(identity, thread, number, tuple(arguments))
        if not self._watching or self._may_go_on(call):
            self._go_on(call)
        else:
            self._held.append(call)

    def _go_on(self, call: Call) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._listener, _SEND, struct.pack("=QqiI", call.id, 0, 0, _CONTINUE))

    def _release(self) -> None:
        held, self._held = self._held, []
        for call in held:
            if self._watching:
                self._may_go_on(call)
            self._go_on(call)

    def _may_go_on(self, call: Call) -> bool:
        shape = self._shapes[call.number]
        if shape.does == "program":
            return self._is_known_program(call)
        memory = self._memory_of(call.thread)
        if memory is None:
            return True
        try:
            return self._look(shape, call, memory)
        except OSError:
            self._unseen += 1
            return True
        finally:
            if memory != self._memory:
                os.close(memory)

    def _is_known_program(self, call: Call) -> bool:
        if self._programs_are_known or self._is_of_task(call.thread):
            return True
        if not self._effect("subprocess", "a program", []):
            return False
        self._journal.lasting("started a program from native code")
        return True

    def _look(self, shape: Shape, call: Call, memory: int) -> bool:
        if shape.does == "connect":
            address = os.pread(memory, 108, call.arguments[1])
            return not _is_outside(address) or self._effect("network", "connect", [])
        paths = [self._path(call, memory, *place) for place in shape.paths]
        named = [path for path in paths if path is not None]
        if shape.does in ("change", "change link", "attributes", "make folder"):
            if shape.does == "make folder" and named and os.path.isdir(named[0]):
                self._note(named[0], "type")
                return True
            effect = "file-attributes" if shape.does == "attributes" else "file-write"
            return not named or self._effect(effect, named[0], named, itself=shape.does != "change")
        return all(self._look_at(shape, call, memory, path) for path in named)

    def _look_at(self, shape: Shape, call: Call, memory: int, path: str) -> bool:
        if shape.does == "access":
            self._note(path, "access")
            return True
        if shape.does == "look":
            self._note(path, "type" if os.path.isdir(path) else "content")
            return True
        if os.sep + "__pycache__" + os.sep in path:
            return True
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        if shape.does == "open":
            flags = call.arguments[shape.flags] & 0xFFFFFFFF
        elif shape.does == "open as told":
            flags = struct.unpack("=Q", os.pread(memory, 8, call.arguments[shape.flags]))[0]
        if not opens_to_write(flags):
            self._count(path)
            self._note(path, "listing" if os.path.isdir(path) else "content")
            return True
        if keeps_content(flags):
            self._note(path, "content")
        if not self._effect("file-write", path, [path]):
            return False
        self._count(path)
        return True

    def _count(self, path: str) -> None:
        self._opened[path] = self._opened.get(path, 0) + 1

    def _note(self, path: str, kind: str) -> None:
        if (path, kind) not in self._reads and path not in self._written:
            self._reads[path, kind] = mark(path, kind)

    def _effect(self, reason: str, detail: str, paths: list[str], itself: bool = False) -> bool:
        """Only at its turn: keep what is there; else call the task, whose call waits."""
        if not self._permitted:
            self._ring(reason, detail)
            return False
        for path in paths:
            self._journal.about_to_change(path, itself=itself)
            self._written[path] = None
        self._effects.add(reason)
        return True

    def _ring(self, reason: str, detail: str) -> None:
        if not self._held:
            self.rung = time.monotonic()
            with contextlib.suppress(OSError):
                self._bell.sendall(json.dumps({"reason": reason, "detail": detail}).encode() + b"\n")

    # Looking into the process.

    def _is_of_task(self, thread: int) -> bool:
        return thread == self.owner or os.path.exists(f"/proc/{self.owner}/task/{thread}")

    def _memory_of(self, thread: int) -> int | None:
        """Of the task's process; of a copy of it (`os.fork`); None for any other program."""
        if self._is_of_task(thread):
            return self._memory
        if _command_line(thread) != self._command_line:
            return None
        try:
            return os.open(f"/proc/{thread}/mem", os.O_RDONLY)
        except OSError:
            return None

    def _path(self, call: Call, memory: int, folder_at: int, path_at: int) -> str | None:
        """In full; None for what is nobody's business."""
        address = call.arguments[path_at]
        raw = _text(memory, address) if address else b""
        if raw == b"":
            return None
        path = os.fsdecode(raw)
        if not os.path.isabs(path):
            folder = _HERE if folder_at < 0 else struct.unpack("=i", struct.pack("=I", call.arguments[folder_at] & 0xFFFFFFFF))[0]
            place = "cwd" if folder == _HERE else f"fd/{folder}"
            path = os.path.join(os.readlink(f"/proc/{call.thread}/{place}"), path)
        if path.startswith(_OF_ITSELF):
            path = f"/proc/{call.thread}/{path.split('/', 3)[3]}"
        path = absolute(path)
        return None if self._own.has(path) else path


def _is_outside(address: bytes) -> bool:
    """True for other machines, and for servers on this one that are not the system's own."""
    family = struct.unpack_from("=H", address)[0]
    return family in _INTERNET or (family == _LOCAL and not address[2:].startswith(_OF_THE_SYSTEM))


def _text(memory: int, address: int) -> bytes:
    raw = os.pread(memory, 256, address)
    if b"\0" not in raw:
        raw = os.pread(memory, _LONGEST_PATH, address)
    return raw.partition(b"\0")[0]


def _command_line(process: int) -> bytes:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""
