"""A task's process must not outlive its run, even in the middle of a cell that never looks at its channel."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded before any fork: a child only calls it.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with(parent: int) -> None:
    """Let the kernel kill this process when `parent`, which forked it, is gone (prctl(2); Linux only)."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It went before the call.
        os._exit(1)


def adopt(wanted: bool = True) -> None:
    """Be the parent of what programs leave running that a cell starts (`command &`), so that it can be seen (prctl(2); Linux only).

    Or be it no more, for what is of this program.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, int(wanted))
