"""Cells that ask for what only the one process knows that runs all of them: its number, how many objects it has, what it kept of files.

And those that change the parts of a function: of a function of a library nobody looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Names that nothing else has. `linecache` keeps what a file had when it was first asked for.
_OF_ALL = re.compile(r"(?<!\w)(getrefcount|get_objects|get_referrers|getallocatedblocks|linecache)(?!\w)")
# What is the same in all cells; it matters where two cells can compare.
_NUMBER = re.compile(r"(?<!\w)(getpid|getppid|get_native_id|gettid|get_ident)(?!\w)")
_KEPT = re.compile(rf"^[\w., ]+=[^=].*{_NUMBER.pattern}", re.MULTILINE)
# Defaults by keyword are a table, and what a function closes over can be set: whoever gets hold of them may change them.
_PARTS = re.compile(r"(?<!\w)(__kwdefaults__|cell_contents)(?!\w)")
_SET_PARTS = re.compile(r"""\.(__defaults__|__code__)\s*(?:\[[^\]\n]*\]\s*)?[-+*|]?=(?!=)|["'](__defaults__|__code__)["']""")
# A method that numpy refuses where anything else refers to the array.
_RESIZED = re.compile(r"(?<![\w.])(\w+)\.resize\((?!.*refcheck)")
# DuckDB has a connection of its own that nobody asked for; these words tell it something that lasts.
_DUCKDB = re.compile(r"^\s*(?:import duckdb as (\w+)|import duckdb\b|from duckdb import (.+))", re.MULTILINE)
_LASTING = re.compile(
    r"(?i)\b(create|insert|update|delete|drop|alter|set|reset|attach|detach|use|load|install|pragma|begin|prepare|register)"
)


def default_database_in(cells: Sequence[str]) -> bool:
    """True where more than one cell uses the connection that DuckDB opens by itself, and one of them tells it something that lasts."""
    imports = [found for text in cells for found in _DUCKDB.finditer(text)]
    if not imports:
        return False
    names = {found[1] or "duckdb" for found in imports if not found[2]}
    functions = [re.escape(word.split()[-1]) for found in imports if found[2] for word in found[2].strip("() ").split(",") if word.strip()]
    calls = [rf"{re.escape(name)}\.(?!connect\b)\w+" for name in names] + functions
    uses = [text for text in cells if re.search(rf"(?<![\w.])(?:{'|'.join(calls)})\(", text)]
    return len(uses) > 1 and any(map(_LASTING.search, uses))


def resized_in(cells: Sequence[str]) -> frozenset[str]:
    """Names on which the cells call `resize`."""
    return frozenset(found[1] for text in cells for found in _RESIZED.finditer(text))


def census_in(cells: Sequence[str]) -> str:
    """Why all cells have to run in one process; empty when none asks for such a thing."""
    found = next(filter(None, map(_OF_ALL.search, cells)), None)
    if found is not None:
        return f"{found[1]} tells of all cells"
    if default_database_in(cells):
        return "DuckDB has its own connection in one process"
    asking = [asked[1] for asked in map(_NUMBER.search, cells) if asked is not None]
    if len(asking) > 1 or (len(cells) > 1 and any(map(_KEPT.search, cells))):
        return f"{asking[0]} has the same answer in all cells"
    part = next((found for pattern in (_PARTS, _SET_PARTS) for found in map(pattern.search, cells) if found is not None), None)
    return "" if part is None else f"{part[1] or part[2]} is a part of a function, which may be one of a library"
