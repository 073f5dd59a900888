"""What a cell uses: time, processor, memory."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

# Linux tells it in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


class Meter:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._cpu = _cpu_seconds()
        self._started = time.perf_counter()

    def read(self) -> dict[str, Any]:
        """The fields of a result: seconds, processor seconds, and the largest size of this process so far in bytes."""
        seconds = time.perf_counter() - self._started
        return {
            "seconds": seconds,
            "cpuSeconds": _cpu_seconds() - self._cpu,
            "peakMemory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT,
        }


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended and were waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
