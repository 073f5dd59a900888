"""What the texts of the cells tell beforehand: that they give the right result only where all of them run in one process."""

from __future__ import annotations

from typing import Any

from .census import census_in
from .clocks import Clocks
from .comparisons import Comparisons


class Togetherness:
    """Whether the cells of a notebook have to run together."""

    def __init__(self, cells: list[str]) -> None:
        """`cells` are their texts as Python."""
        self._compared, self._measured, self._census = Comparisons(cells), Clocks(cells).measured, census_in(cells)

    def reason(self, variables: dict[str, Any]) -> str:
        """Why they have to, now that the variables are these; empty when they do not."""
        if self._measured:
            return f"the time since {self._measured} was set is measured in another cell"
        if self._census:
            return self._census
        return self._compared.of_unchanging(variables)
