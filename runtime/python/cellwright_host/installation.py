"""What a machine runs cells with: it must be the same on all, or results would be those of another environment."""

from __future__ import annotations

import hashlib
import locale
import os
import platform
import sys
import time
from importlib import metadata
from typing import Any

_CPU_FACTS = ("model name", "flags", "Features", "CPU implementer", "CPU part")


def describe() -> dict[str, Any]:
    """The interpreter, where it looks for modules, the installed distributions, and the processor."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "machine": platform.machine(),
        "system": sys.platform,
        "libc": " ".join(platform.libc_ver()),
        "executable": sys.executable,
        "zone": _zone(),
        "locale": _locale(),
        "path": [entry for entry in sys.path[1:] if os.path.exists(entry)],
        "packages": _packages(),
        "processor": _processor(),
        "name": platform.node(),
    }


def _zone() -> str:
    """Local time, where no variable says it: native code reads it from here."""
    try:
        with open("/etc/localtime", "rb") as file:
            return f"{'/'.join(time.tzname)} ({hashlib.sha256(file.read()).hexdigest()[:12]})"
    except OSError:
        return "/".join(time.tzname)


def _locale() -> str:
    """What the variables of the locale come to, which depends on the locales that are installed."""
    try:
        return locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        return "not installed"


def _packages() -> dict[str, str]:
    """By name: the version, and a digest of the list of files, which has a digest of each."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = (distribution.metadata["Name"] or "").lower()
        record = distribution.read_text("RECORD") or ""
        # Compiled files are made by whoever imports a module first.
        lines = sorted(line for line in record.splitlines() if "__pycache__" not in line and not line.startswith(".."))
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
        found.setdefault(name, f"{distribution.version} ({digest})")
    return found


def _processor() -> str:
    """Number, model and abilities, where the system tells: numerical libraries choose their code by them."""
    count = f"{os.cpu_count()} processors"
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = [line.partition(":") for line in file.read().split("\n\n")[0].splitlines()]
    except OSError:
        return f"{count} {platform.processor()}"
    return count + "\n" + "\n".join(f"{name.strip()}: {' '.join(value.split())}" for name, _, value in lines if name.strip() in _CPU_FACTS)
