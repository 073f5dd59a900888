"""Random generators that everybody shares, and what a cell did to their states besides drawing from them.

A cell that reads a state, or puts one back, may leave it as it found it: comparing states does not show that.
"""

from __future__ import annotations

import functools
import random
from typing import Any, Callable

from . import calls
from .component import Component, Stuck, loaded, touches
from .module_generators import module_generators

_watched: set[str] = set()
# Libraries whose generator is native and was given a seed: nobody can ask for its state.
_seeded: set[str] = set()


def watch() -> None:
    """Watch the generators of all libraries that are loaded and not watched yet."""
    _watch_once("random", _watch_random)
    numpy = loaded("numpy.random")
    if hasattr(numpy, "set_state"):
        _watch_once("numpy", lambda: _watch_numpy(numpy))
    polars = loaded("polars")
    if hasattr(polars, "set_random_seed"):
        _watch_once("polars", lambda: _watch_polars(polars))
    torch = loaded("torch.random")
    if hasattr(torch, "set_rng_state"):
        _watch_once("torch", lambda: _watch_torch(torch))


def _watch_once(name: str, begin: Callable[[], None]) -> None:
    if name not in _watched:
        _watched.add(name)
        begin()


def _watch_random() -> None:
    shared = getattr(random, "_inst", None)

    def noting(kind: set[str]) -> Callable[..., None]:
        def note(generator: Any) -> None:
            if generator is shared:
                kind.add("state:random")

        return note

    calls.tell(random.Random.getstate, noting(touches.read))
    for method in (random.Random.seed, random.Random.setstate):
        calls.tell(method, noting(touches.written))


def _watch_numpy(module: Any) -> None:
    for name, kind in (("get_state", touches.read), ("set_state", touches.written), ("seed", touches.written)):
        setattr(module, name, _telling(getattr(module, name), kind, name))


def _telling(original: Any, kind: set[str], name: str) -> Any:
    @functools.wraps(original)
    def function(*arguments: Any, **keywords: Any) -> Any:
        kind.add("state:numpy.random")
        return original(*arguments, **keywords)

    function.__module__, function.__name__, function.__qualname__ = "numpy.random", name, name
    return function


def _watch_torch(module: Any) -> None:
    for name, kind in (
        ("get_rng_state", touches.read),
        ("initial_seed", touches.read),
        ("set_rng_state", touches.written),
        ("manual_seed", touches.written),
        ("seed", touches.written),
    ):
        calls.tell(getattr(module, name, None), lambda *ignored, kind=kind: kind.add("state:torch.random"))


def _watch_polars(module: Any) -> None:
    calls.tell(module.set_random_seed, lambda *ignored: _seeded.add("polars"))


def _capture_seeds() -> None:
    if _seeded:
        raise Stuck(f"the seed of {min(_seeded)}, which draws in native code")


def _capture_numpy() -> Any:
    module = loaded("numpy.random")
    return None if module is None else module.mtrand._rand.get_state(legacy=False)


def _restore_numpy(value: Any) -> None:
    import numpy.random

    numpy.random.mtrand._rand.set_state(value)


def _capture_torch() -> Any:
    module = loaded("torch")
    return None if module is None or not hasattr(module, "get_rng_state") else module.get_rng_state().numpy().tobytes()


def _restore_torch(value: Any) -> None:
    import torch

    torch.set_rng_state(torch.frombuffer(bytearray(value), dtype=torch.uint8))


def components() -> list[Component]:
    """The states that tasks hand on."""
    return [
        Component("random", random.getstate, random.setstate),
        Component("numpy.random", _capture_numpy, _restore_numpy),
        Component("torch.random", _capture_torch, _restore_torch),
        Component("native-seeds", _capture_seeds),
        Component("modules.random", module_generators.capture, module_generators.restore),
    ]
