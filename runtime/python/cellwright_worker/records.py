"""Elements of structured arrays: the scalars of NumPy that are views of their array's memory, and can be written to."""

from __future__ import annotations

import sys
from typing import Any

from . import arrays
from .definitions import Refusal


def reduce(dumper: Any, found: Any) -> Any:
    """One element of a structured array, which is a view of the array's memory."""
    numpy = sys.modules["numpy"]
    base = found.base
    while isinstance(base, numpy.void):
        base = base.base
    if base is None or found.dtype.itemsize == 0:
        return NotImplemented
    if not isinstance(base, numpy.ndarray) or found.dtype.hasobject or arrays.foreign_base(base) is not None:
        raise Refusal("a record that shares memory with its array", found)
    low = found.__array_interface__["data"][0]
    high = low + found.dtype.itemsize
    element = arrays.raw(low, high, found, bool(found.flags.writeable)).view(found.dtype).reshape(())
    region = dumper.region_of(element, low, high)
    if region is not None and region.root.dtype == found.dtype:
        order = "C" if region.root.flags.c_contiguous else "F"
        index = numpy.unravel_index((low - region.start) // found.dtype.itemsize, region.root.shape, order)
        dumper.met(element, low, high)
        return (element_of, (region.root, tuple(map(int, index))))
    return (element_of, (element, ()))


def element_of(found: Any, index: tuple[int, ...]) -> Any:
    """An element of a structured array, in the array's memory."""
    return found[index]
