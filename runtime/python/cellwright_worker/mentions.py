"""Whether a word is in the text of the notebook: what a library changes by itself has no name there."""

from __future__ import annotations

import re
from collections.abc import Iterable


class NotebookText:
    """The cells that a process knows of, up to the one that it runs."""

    def __init__(self) -> None:
        """No cells yet."""
        self._text = ""

    def read(self, sources: Iterable[str]) -> None:
        """The cells are these."""
        self._text = "\n".join(sources)

    def mentions(self, word: str) -> bool:
        """True where the word stands by itself, in code or inside of a string; `.word` where it is an attribute."""
        if word not in self._text:
            return False
        before = "" if word.startswith(".") else r"(?<!\w)"
        return re.search(rf"{before}{re.escape(word)}(?!\w)", self._text) is not None


notebook_text = NotebookText()
