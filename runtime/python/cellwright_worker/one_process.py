"""What the texts of the cells tell beforehand: that they give the right result only where all of them run in one process."""

from __future__ import annotations

import sys
from typing import Any

from .cell_trees import trees_of
from .census import census_in, resized_in
from .clocks import Clocks
from .comparisons import Comparisons
from .function_attributes import FunctionAttributes


class Togetherness:
    """Whether the cells of a notebook have to run together."""

    def __init__(self, cells: list[str]) -> None:
        """`cells` are their texts as Python."""
        trees = trees_of(cells)
        self._compared, self._measured, self._attributes = Comparisons(trees), Clocks(trees).measured, FunctionAttributes(trees)
        self._census, self._resized = census_in(cells), resized_in(cells)

    def reason(self, variables: dict[str, Any]) -> str:
        """Why they have to, now that the variables are these; empty when they do not."""
        if self._measured:
            return f"the time since {self._measured} was set is measured in another cell"
        if self._census:
            return self._census
        numpy = sys.modules.get("numpy")
        resized = next((name for name in self._resized if numpy is not None and isinstance(variables.get(name), numpy.ndarray)), None)
        if resized is not None:
            return f"numpy resizes {resized} only where nothing else refers to it"
        function = self._attributes.of_libraries(variables)
        if function:
            return f"an attribute of {function} is set, which is a function of a library"
        return self._compared.of_unchanging(variables)
