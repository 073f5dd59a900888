"""A filter of system calls: before it goes on with some the kernel asks another process (`SECCOMP_RET_USER_NOTIF` of seccomp(2))."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .system_calls import AT_EMPTY_PATH, IO_URING_SETUP, WITHOUT_PATH, Machine

_LOAD, _EQUAL, _ANY_OF, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _NOTIFY, _NOT_THERE = 0x7FFF0000, 0x7FC00000, 0x00050000 | errno.ENOSYS
_SET_MODE_FILTER = 1
# All threads; no mitigation that slows the process down; a descriptor; no quarrel with threads of other filters.
_FLAGS = 1 | 1 << 2 | 1 << 3 | 1 << 4
_SET_NO_NEW_PRIVS = 38
_SET_PTRACER = 0x59616D61
_NUMBER, _KIND, _ARGUMENTS = 0, 4, 16


def _step(code: int, operand: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, operand)


def _program(machine: Machine) -> bytes:
    """Allow what comes from elsewhere; ask about the calls of the table; and there is no io_uring."""
    steps = [_step(_LOAD, _KIND), _step(_EQUAL, machine.audit, 1), _step(_RETURN, _ALLOW), _step(_LOAD, _NUMBER)]
    steps += [_step(_EQUAL, IO_URING_SETUP, 0, 1), _step(_RETURN, _NOT_THERE)]
    for name, place in WITHOUT_PATH.items():
        # Five steps further on is the next question, where the number is loaded again.
        steps += [_step(_EQUAL, machine.numbers[name], 0, 4), _step(_LOAD, _ARGUMENTS + 8 * place)]
        steps += [_step(_ANY_OF, AT_EMPTY_PATH, 0, 1), _step(_RETURN, _ALLOW), _step(_RETURN, _NOTIFY)]
    plain = [number for name, number in machine.numbers.items() if name not in WITHOUT_PATH]
    steps += [_step(_EQUAL, number, len(plain) - place) for place, number in enumerate(plain)]
    return b"".join([*steps, _step(_RETURN, _ALLOW), _step(_RETURN, _NOTIFY)])


class Filter:
    """Put in place once; it cannot be taken away, and programs that the process starts have it as well."""

    def __init__(self, machine: Machine) -> None:
        """Nothing is filtered yet."""
        self._machine = machine
        self._libc = ctypes.CDLL(None, use_errno=True)
        # True: programs with more rights than their user (sudo) have no more rights than this process.
        self.takes_rights = False

    def let_read(self, process: int) -> None:
        """Where a process may only be looked into by its parents: this one may, too."""
        self._libc.prctl(_SET_PTRACER, ctypes.c_ulong(process), 0, 0, 0)

    def install(self) -> int:
        """Filter from now on; gives the descriptor where the kernel asks. `OSError` where the system has no such thing."""
        descriptor = self._install()
        if descriptor < 0 and ctypes.get_errno() == errno.EACCES:
            self.takes_rights = True
            self._libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            descriptor = self._install()
        if descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return descriptor

    def _install(self) -> int:
        raw = _program(self._machine)
        program = ctypes.create_string_buffer(raw, len(raw))
        header = struct.pack("HxxxxxxQ", len(raw) // 8, ctypes.addressof(program))
        return int(self._libc.syscall(self._machine.seccomp, _SET_MODE_FILTER, _FLAGS, ctypes.create_string_buffer(header, len(header))))
