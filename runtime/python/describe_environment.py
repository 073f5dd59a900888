"""Describes the interpreter that runs this file, for a certificate: its version, its platform, the installed distributions, its folders.

Usage: describe_environment.py FOLDER; FOLDER is where the cells run. Prints one JSON document.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import sys
import sysconfig
from typing import Any


def canonical_name(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def modules_of(distribution: importlib.metadata.Distribution) -> list[str]:
    """The modules at the top level that it installs."""
    listed = distribution.read_text("top_level.txt")
    if listed:
        return sorted(set(listed.split()))
    found: set[str] = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) > 1 and re.fullmatch(r"[A-Za-z_]\w*", first):
            found.add(first)
        elif len(file.parts) == 1 and re.search(r"\.(?:py|so|pyd)$", first):
            found.add(first.split(".")[0])
    return sorted(found)


def needed_by(distribution: importlib.metadata.Distribution) -> list[str]:
    """The distributions that it requires in any case."""
    found: set[str] = set()
    for line in distribution.requires or ():
        name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
        if name is not None and "extra ==" not in line:
            found.add(canonical_name(name.group()))
    return sorted(found)


def distributions() -> list[dict[str, Any]]:
    """What is installed; of two with one name the one that an import finds."""
    found: dict[str, dict[str, Any]] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if not name or canonical_name(name) in found:
            continue
        found[canonical_name(name)] = {
            "name": canonical_name(name),
            "version": str(distribution.version),
            "modules": modules_of(distribution),
            "needs": needed_by(distribution),
        }
    return [found[name] for name in sorted(found)]


def main(folder: str) -> None:
    """Print the description."""
    # In place of the folder of this file.
    sys.path[0] = folder
    description = {
        "python": {"implementation": platform.python_implementation(), "version": platform.python_version()},
        "platform": {"system": platform.system(), "machine": platform.machine(), "libc": " ".join(platform.libc_ver()).strip()},
        "packages": distributions(),
        "path": [entry for entry in sys.path[1:] if entry],
        "library": sysconfig.get_path("stdlib"),
        "prefixes": sorted({sys.prefix, sys.base_prefix, sys.exec_prefix}),
    }
    print(json.dumps(description))


if __name__ == "__main__":
    main(sys.argv[1])
