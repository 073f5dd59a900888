"""Whether a word is in the text of the notebook: what a library changes by itself has no name there."""

from __future__ import annotations

import re
from typing import Optional


class NotebookText:
    """The cells that a process knows of, up to the one that it runs."""

    def __init__(self) -> None:
        """No cells yet."""
        self._sources: list[str] = []
        # Of all cells; made when somebody asks.
        self._joined: Optional[str] = None

    def read(self, sources: list[str]) -> None:
        """The cells are these."""
        self._sources, self._joined = sources, None

    @property
    def _text(self) -> str:
        if self._joined is None:
            self._joined = "\n".join(self._sources)
        return self._joined

    def mentions(self, word: str) -> bool:
        """True where the word stands by itself, in code or inside of a string; `.word` where it is an attribute."""
        if word not in self._text:
            return False
        before = "" if word.startswith(".") else r"(?<!\w)"
        return re.search(rf"{before}{re.escape(word)}(?!\w)", self._text) is not None


notebook_text = NotebookText()
