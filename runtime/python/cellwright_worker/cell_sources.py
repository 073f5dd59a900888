"""The cache of `linecache`, which has the texts of the cells."""

from __future__ import annotations

from typing import Any

from . import cellcode
from .one_process import Togetherness


class CellSources(dict[str, Any]):
    """The cache of `linecache`; notes which cells' text was looked at, as warnings, tracebacks and `inspect.getsource` do."""

    def __init__(self, entries: dict[str, Any]) -> None:
        """Begins with what the cache has."""
        super().__init__(entries)
        self.digests: dict[str, str] = {}
        self.seen: set[str] = set()
        self.together = Togetherness([])
        # True once lines of a file were to be shown, as a warning from a module does.
        self.is_asked_for_files = False

    def __contains__(self, name: object) -> bool:
        """True when there is an entry."""
        self.is_asked_for_files = self.is_asked_for_files or name not in self.digests
        return super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        """The entry of a file."""
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The entry of a file, or the default."""
        self._note(name)
        return super().get(name, default)

    def forget(self, shell: Any) -> None:
        """Forget the cells: those of another run come."""
        for name in self.digests:
            self.pop(name, None)
            shell.compile._filename_map.pop(name, None)
        cellcode.cells.clear()

    def _note(self, name: str) -> None:
        if name in self.digests:
            self.seen.add(self.digests[name])
