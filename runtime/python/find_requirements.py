"""Finds which distributions of this interpreter a notebook needs: those of what its cells import, and all that these require.

Usage: find_requirements.py FOLDER < QUESTION; FOLDER is where the cells run. The question is a JSON document: `cells`, a list of
`{"id", "source"}`; `requirements`, what the notebook itself says that it needs (PEP 508); `extra`, names of distributions that are
wanted as well. Prints one JSON document.
"""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

from cellwright_lock.closure import Closure, find_packaging
from cellwright_lock.follow import Follower
from cellwright_lock.installed import Installed, canonical_name, source_of

# The run itself needs it.
NEEDED_TO_RUN = "ipython"


def describe(installed: Installed, closure: Closure, name: str) -> dict[str, Any]:
    """One distribution, as the lock file has it."""
    distribution = installed.by_name[name]
    return {
        "name": name,
        "version": str(distribution.version),
        "requiresPython": distribution.metadata["Requires-Python"] or "",
        "installer": (distribution.read_text("INSTALLER") or "").strip(),
        "needs": sorted(closure.needs[name] & set(closure.names())),
        "source": source_of(distribution) or {"kind": "index"},
    }


def answer(folder: str, question: dict[str, Any]) -> dict[str, Any]:
    """What the notebook needs, and what of it is not there."""
    packaging = find_packaging()
    if packaging is None:
        return {"problem": "packaging"}
    installed = Installed()
    if NEEDED_TO_RUN not in installed.by_name:
        return {"problem": NEEDED_TO_RUN}
    follower = Follower(installed, folder)
    follower.follow_cells(question["cells"])
    closure = Closure(installed, packaging)
    unreadable = [text for text in question["requirements"] if closure.read(text) is None]
    for name in sorted(follower.distributions):
        closure.add(name, set())
    closure.add(NEEDED_TO_RUN, set())
    for text in question["requirements"]:
        closure.require(text, "")
    for text in question["extra"]:
        closure.require(canonical_name(text), "")
    return {
        "python": {"version": platform.python_version(), "implementation": sys.implementation.name},
        "platform": {"system": sys.platform, "machine": platform.machine()},
        "packages": [describe(installed, closure, name) for name in closure.names()],
        "imported": sorted(follower.distributions),
        "missing": follower.missing,
        "dynamic": follower.dynamic,
        "broken": closure.broken,
        "unreadable": unreadable,
    }


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1], json.load(sys.stdin))))
