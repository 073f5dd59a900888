"""NumPy arrays, bit by bit: order, gaps between elements, read-only flags and shared memory are kept.

Sums and products depend on how elements lie in memory, so a view is stored with the strides it has. NumPy is never imported
here; without it in the process there are no arrays.
"""

from __future__ import annotations

import pickle
import sys
from array import array as plain_array
from typing import Any, Optional

from . import rebuild, words
from .definitions import Refusal
from .groups import Region


def extent(found: Any) -> tuple[int, int]:
    """The addresses of the first byte and behind the last byte."""
    low = high = found.__array_interface__["data"][0]
    for size, stride in zip(found.shape, found.strides):
        if size == 0:
            return low, low
        reach = (size - 1) * stride
        if reach < 0:
            low += reach
        else:
            high += reach
    return low, high + found.itemsize


class _Memory:
    """Raw memory, in the form NumPy can look through."""

    def __init__(self, low: int, high: int, keep: Any, writable: bool) -> None:
        self.keep = keep
        self.__array_interface__ = {"data": (low, not writable), "shape": (high - low,), "typestr": "|u1", "version": 3}


def raw(low: int, high: int, keep: Any, writable: bool = True) -> Any:
    """The bytes between two addresses as an array."""
    return sys.modules["numpy"].asarray(_Memory(low, high, keep, writable))


def kind_of(dtype: Any) -> Any:
    """A short stable name for the usual types of elements, the dtype itself for others."""
    if dtype.isbuiltin == 1 and dtype.char not in "mM":
        return dtype.char
    if dtype.kind in "mMSU" and not dtype.metadata and dtype.fields is None:
        return dtype.str
    return dtype


def _owns(found: Any) -> bool:
    return bool(found.flags.owndata) or isinstance(found.base, (memoryview, _Memory))


def reduce_array(dumper: Any, found: Any) -> Any:
    """An exact `ndarray`."""
    dtype = found.dtype
    if dtype.itemsize == 0:
        return NotImplemented
    if dtype.hasobject and dtype.kind != "O":
        return _by_value(dumper, found)
    if found.size == 0:
        order = "F" if found.flags.f_contiguous and not found.flags.c_contiguous else "C"
        return (rebuild.array, (b"", kind_of(dtype), found.shape, order, True))
    if not found.flags.aligned:
        raise Refusal("an array that is not aligned in memory", found)
    low, high = extent(found)
    base = foreign_base(found)
    if base is not None:
        return _over(found, base, low)
    dumper.met(found, low, high)
    region = dumper.region_of(found, low, high)
    if region is not None:
        return _in_region(found, region)
    contiguous = found.flags.c_contiguous or found.flags.f_contiguous
    if dtype.hasobject:
        if contiguous and not found.flags.writeable:
            return (rebuild.readonly, (found.copy(order="A"),))
        if contiguous:
            return words.reduce(found) or NotImplemented
    elif contiguous:
        order = "C" if found.flags.c_contiguous else "F"
        flat = (found if order == "C" else found.T).reshape(-1).view("u1")
        return (rebuild.array, (pickle.PickleBuffer(flat), kind_of(dtype), found.shape, order, _owns(found)))
    elif high - low <= 2 * found.nbytes:
        memory = pickle.PickleBuffer(raw(low, high, found, bool(found.flags.writeable)))
        start = found.__array_interface__["data"][0] - low
        return (rebuild.span, (memory, start, kind_of(dtype), found.shape, found.strides))
    return _compact(found, low, high)


def _by_value(dumper: Any, found: Any) -> Any:
    """A structured array with fields of objects, which memory alone does not hold."""
    if found.size:
        low, high = extent(found)
        if dumper.region_of(found, low, high) is not None:
            raise Refusal("an array of records with objects that shares memory with another array", found)
        dumper.met(found, low, high)
    return NotImplemented


def _compact(found: Any, low: int, high: int) -> Any:
    lean = found[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in found.strides)]
    start = found.__array_interface__["data"][0]
    arguments = (
        lean.copy(order="C"),
        low - start,
        high - start,
        found.strides,
        found.shape,
        bool(found.flags.writeable),
    )
    if found.dtype.hasobject and (high - low) % found.itemsize:
        raise Refusal("an array of objects with unusual strides", found)
    return (rebuild.strided, arguments)


def _in_region(found: Any, region: Region) -> Any:
    start = found.__array_interface__["data"][0] - region.start
    return (
        rebuild.view,
        (region.root, start, kind_of(found.dtype), found.shape, found.strides, bool(found.flags.writeable)),
    )


def foreign_base(found: Any) -> Optional[Any]:
    """The object whose memory the array looks at, when that is no array and may be changed by others."""
    top = found
    while isinstance(top.base, type(top)):
        top = top.base
    base = top.base
    if isinstance(base, memoryview):
        base = base.obj
    if type(base) in (bytearray, plain_array):
        return base
    if (type(base).__module__ == "mmap" and top.base is base) or type(top).__name__ == "memmap":
        raise Refusal("an array over a mapped file", found)
    return None


def _over(found: Any, base: Any, low: int) -> Any:
    whole = sys.modules["numpy"].frombuffer(base, "u1")
    start = found.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return (rebuild.over, (base, start, kind_of(found.dtype), found.shape, found.strides, bool(found.flags.writeable)))


def reduce_subclass(dumper: Any, found: Any) -> Any:
    """An instance of a subclass of `ndarray`."""
    numpy = sys.modules["numpy"]
    kind = type(found)
    if kind is getattr(numpy, "memmap", None):
        raise Refusal("an array over a mapped file", found)
    if kind is numpy.matrix and not found.dtype.hasobject:
        return (rebuild.array_as, (found.view(numpy.ndarray), kind))
    if not found.dtype.hasobject and found.size:
        low, high = extent(found)
        if dumper.region_of(found, low, high) is not None:
            raise Refusal(f"a {kind.__name__} that shares memory with another array", found)
        dumper.met(found, low, high)
        if not (found.flags.c_contiguous or found.flags.f_contiguous):
            raise Refusal(f"a {kind.__name__} that is a view with gaps", found)
    return NotImplemented
