"""Classes that are written in Python."""

from __future__ import annotations

# `Py_TPFLAGS_HEAPTYPE`: made while the program runs, and no table of C.
_HEAP_TYPE = 1 << 9


def is_written_in_python(kind: type) -> bool:
    """True for a class of a `class` statement; modules in C that make theirs in the same way are not told apart."""
    return bool(kind.__flags__ & _HEAP_TYPE)
