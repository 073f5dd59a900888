"""Code objects of functions written in cells, stored without line numbers.

Editing a comment moves the lines of the functions below it. The functions are the same, so nothing has to run again, but a warning
or a traceback shows their lines as they are now. So a stored function says which code object of which cell it has, and gets the
lines when it is loaded, by compiling the cell's present text.
"""

from __future__ import annotations

import ast
import marshal
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

FUTURE = 0x1FE0000
_ASKS_FOR_LINES = re.compile(r"lineno|currentframe|_getframe|findCaller|\bstack\(")
_MARK = b"cellwright-code-of-cell:"
_REFERENCE = re.compile(_MARK + rb"([^/;]*)/(\d+)/(\d+);")


@dataclass(frozen=True)
class Text:
    """A cell as it is now: the name tracebacks give it, and what IPython makes of its source."""

    name: str
    transformed: str


class Cells:
    """The cells of the notebook, by the digest of their code without comments."""

    def __init__(self) -> None:
        """No cells yet."""
        self.clear()

    def clear(self) -> None:
        """Know no cells."""
        self._texts: dict[str, Text] = {}
        self._digests: dict[str, str] = {}
        self._ambiguous: set[str] = set()
        self._trees: dict[tuple[str, int], list[types.CodeType]] = {}

    def register(self, name: str, digest: str, source: str, transformed: str) -> None:
        """`digest` is equal for cells that only differ in comments."""
        if _ASKS_FOR_LINES.search(source):
            return
        if self._texts.setdefault(digest, Text(name, transformed)).name != name:
            self._ambiguous.add(digest)
        self._digests.setdefault(name, digest)

    def reference(self, code: types.CodeType) -> Optional[bytes]:
        """Where the code object is in the notebook; None when it does not come straight from a cell."""
        digest = self._digests.get(code.co_filename)
        if digest is None or digest in self._ambiguous:
            return None
        flags = code.co_flags & FUTURE
        for place, found in enumerate(self._codes(digest, flags)):
            if found == code and _positions(found) == _positions(code):
                return _MARK + f"{digest}/{flags:09}/{place:06};".encode()
        return None

    def find(self, reference: bytes, body: bytes) -> Optional[types.CodeType]:
        """The code object that `reference` names, if it does what `body` does."""
        parts = _REFERENCE.fullmatch(reference)
        if parts is None:
            return None
        flags = int(parts[2])
        codes = self._codes(parts[1].decode(), flags)
        place = int(parts[3])
        if place < len(codes) and bare(codes[place]) == body:
            return codes[place]
        return self._elsewhere(flags, body)

    def _elsewhere(self, flags: int, body: bytes) -> Optional[types.CodeType]:
        """The same code in another cell: the one that it was written in has changed around it."""
        return next((code for digest in self._texts for code in self._codes(digest, flags) if bare(code) == body), None)

    def _codes(self, digest: str, flags: int) -> list[types.CodeType]:
        known = self._trees.get((digest, flags))
        if known is None:
            known = self._trees[digest, flags] = list(self._compile(digest, flags))
        return known

    def _compile(self, digest: str, flags: int) -> Iterator[types.CodeType]:
        text = self._texts.get(digest)
        if text is None:
            return
        try:
            whole = compile(text.transformed, text.name, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError):
            return
        yield from _nested(whole)


cells = Cells()


def without_references(stream: bytes) -> bytes:
    """A stream as it is wherever in a notebook its functions are written; references are all of one length."""
    return _REFERENCE.sub(_MARK, stream) if _MARK in stream else stream


def bare(code: types.CodeType) -> bytes:
    """What the code does, without where it is written."""
    return marshal.dumps(_strip(code), 2)


def _strip(code: types.CodeType) -> types.CodeType:
    constants = tuple(_strip(item) if type(item) is types.CodeType else item for item in code.co_consts)
    changes = {"co_linetable": b""} if hasattr(code, "co_linetable") else {"co_lnotab": b""}
    return code.replace(co_filename="", co_firstlineno=1, co_consts=constants, **changes)  # type: ignore[arg-type]


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for item in code.co_consts:
        if type(item) is types.CodeType:
            yield item
            yield from _nested(item)


def _positions(code: types.CodeType) -> object:
    return list(code.co_positions()) if hasattr(code, "co_positions") else (code.co_firstlineno, code.co_lnotab)
