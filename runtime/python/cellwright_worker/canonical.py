"""A form of pickles in which it does not matter which of several equal strings are one object.

Python keeps some equal strings as one object and others not, and which depends on what the process did before. Nothing but `is`
can tell, so the digest of a value's content is taken over this form: every string is written out, and only other objects are
referred to by number.
"""

from __future__ import annotations

from .cellcode import without_references

_NONE, _FIXED, _SIZED = 0, 1, 2
_STRINGS = frozenset(b"\x8cX\x8d")
_SHAPES: dict[int, tuple[int, int]] = {
    0x80: (_FIXED, 1), 0x95: (_FIXED, 8), ord("J"): (_FIXED, 4), ord("K"): (_FIXED, 1), ord("M"): (_FIXED, 2),
    ord("G"): (_FIXED, 8), 0x8A: (_SIZED, 1), 0x8B: (_SIZED, 4), ord("C"): (_SIZED, 1), ord("B"): (_SIZED, 4),
    0x8E: (_SIZED, 8), 0x8C: (_SIZED, 1), ord("X"): (_SIZED, 4), 0x8D: (_SIZED, 8), 0x96: (_SIZED, 8),
    ord("h"): (_FIXED, 1), ord("j"): (_FIXED, 4), ord("q"): (_FIXED, 1), ord("r"): (_FIXED, 4),
}  # fmt: skip
_PLAIN = frozenset(b"N\x88\x89]ael(t\x85\x86\x87)}su021\x93Rb\x81\x92Q\x97\x98\x8f\x90\x91.")
LARGEST = 1 << 18


class _Unknown(Exception):
    """An opcode that is not written out here."""


def canonical(stream: bytes, start: int = 1) -> bytes:
    """The form of a stream whose pickle begins at `start`, wherever in the notebook its functions are written."""
    return without_references(_with_strings(stream, start))


def _with_strings(stream: bytes, start: int) -> bytes:
    """The form of a stream whose pickle begins at `start`; large streams and unknown opcodes are left as they are."""
    if len(stream) > LARGEST:
        return stream
    try:
        return stream[:start] + b"".join(_parts(stream, start))
    except (_Unknown, IndexError):
        return stream


def _parts(stream: bytes, place: int) -> list[bytes]:
    out: list[bytes] = []
    memo: list[bytes] = []
    count = 0
    end = len(stream)
    last = b""
    was_string = False
    while place < end:
        code = stream[place]
        if code == 0x94:
            if was_string:
                memo.append(last)
            else:
                memo.append(b"h%d;" % count)
                count += 1
            place += 1
            continue
        shape = _SHAPES.get(code)
        if shape is None:
            if code not in _PLAIN:
                raise _Unknown
            out.append(stream[place : place + 1])
            was_string = False
            place += 1
            continue
        kind, width = shape
        after = place + 1 + width
        if kind == _SIZED:
            after += int.from_bytes(stream[place + 1 : after], "little")
        if code == 0x68 or code == 0x6A:
            last = memo[int.from_bytes(stream[place + 1 : after], "little")]
            was_string = last[0] != 0x68
            out.append(last)
        elif code != 0x95 and code != 0x80:
            last = stream[place:after]
            was_string = code in _STRINGS
            out.append(last)
        place = after
    return out
