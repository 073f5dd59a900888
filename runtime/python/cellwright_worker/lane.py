"""All cells in one process are one task to the observer: what they depended on and did to the outside is told once, at the end."""

from __future__ import annotations

from typing import Callable

from .channel import Message
from .component import Stuck
from .observe import Observer
from .reached import reached
from .state import HiddenState
from .variables import watch


def conclude(observer: Observer, state: HiddenState, finish: Callable[[], None]) -> Message:
    """End what the cells began: call what is to be called at the end of the process, and tell what was seen from the first cell on."""
    running = ""
    try:
        state.by_name["state:threads"].capture()
    except Stuck as reason:
        running = f"it leaves {reason}"
    observer.start(head=True, lane=True)
    finish()
    observer.stop(goes_on=False)
    return {
        "filesRead": observer.reads(),
        "variables": watch.reads(),
        "packages": reached.report(),
        "filesWritten": sorted(observer.written),
        "requests": observer.web.report(),
        "outside": sorted({*observer.outside, *([running] if running else [])}),
    }
