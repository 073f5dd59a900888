"""Cells that count objects or references: how many there are is known only to the one process that has them all."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What `sys` and `gc` count or list, by names that nothing else has.
_CENSUS = re.compile(r"(?<!\w)(getrefcount|get_objects|get_referrers|getallocatedblocks)(?!\w)")


def census_in(cells: Iterable[str]) -> str:
    """The first function that counts objects or references; empty when no cell names one."""
    found = next(filter(None, map(_CENSUS.search, cells)), None)
    return found[1] if found is not None else ""
