"""The environment as programs and native code see it, which is not always what `os.environ` says."""

from __future__ import annotations

import os
from typing import Any


def _find() -> Any:
    """The C library's `environ`; None where it cannot be had."""
    try:
        import ctypes

        return ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    except (ImportError, OSError, ValueError):
        return None


_environ = _find()


def beside_os_environ() -> list[bytes]:
    """Variables that `os.putenv` or native code has set or removed, so that `os.environ` does not have them or has them otherwise."""
    if not _environ:
        return []
    known: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined, assignment]
    real: dict[bytes, bytes] = {}
    place = 0
    while (entry := _environ[place]) is not None:
        name, _, value = entry.partition(b"=")
        real.setdefault(name, value)
        place += 1
    return sorted(name for name in known.keys() | real.keys() if known.get(name) != real.get(name))
