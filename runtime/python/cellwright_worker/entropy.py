"""Random generators that libraries made from entropy while they were imported.

A process that serves a second run must not begin it with the random numbers of the first.
"""

from __future__ import annotations

import gc
import hashlib
import random
import sys
import tempfile
from typing import Any

# What numpy takes from the system has 128 bits; a seed that somebody chose has fewer.
_FROM_THE_SYSTEM = 1 << 64


class Generators:
    """Those of the modules that this process has imported."""

    def __init__(self) -> None:
        """None are known yet."""
        self._from_system: list[Any] = []
        # True when there are some of which nobody can tell where their state came from.
        self.has_unknown = False

    def look_for_new(self) -> None:
        """Find those among the objects that are not frozen; before `gc.freeze`, so that no object is looked at twice."""
        bit_generators = _bit_generators()
        kinds = {random.Random, *random.Random.__subclasses__(), *bit_generators} - {random.SystemRandom}
        names = getattr(tempfile, "_RandomNameSequence", None)
        found = [item for item in gc.get_objects() if type(item) in kinds or type(item) is names]
        # Those of temporary names begin anew in every process by themselves.
        known = [getattr(random, "_inst", None), *(getattr(item, "_rng", None) for item in found if type(item) is names)]
        for item in found:
            if type(item) in bit_generators:
                if _entropy_of(item) > _FROM_THE_SYSTEM:
                    self._from_system.append(item)
            elif type(item) is not names and not any(item is other for other in known):
                self.has_unknown = True

    def renew(self, entropy: str) -> None:
        """Make all states new; the same in every process that is given the same `entropy` and had the same states."""
        random.seed(_number(f"random {entropy}"))
        for generator in self._from_system:
            numpy = sys.modules["numpy"]
            seeds = numpy.random.SeedSequence([_entropy_of(generator), _number(entropy)])
            generator.state = type(generator)(seeds).state


def _bit_generators() -> set[Any]:
    """The classes of numpy's sources of randomness."""
    module = sys.modules.get("numpy.random")
    names = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
    return {getattr(module, name) for name in names if hasattr(module, name)}


def _entropy_of(generator: Any) -> int:
    """The number that a generator was made from; 0 for one that was given a state or a list of numbers."""
    seeds = getattr(generator, "seed_seq", None) or getattr(generator, "_seed_seq", None)
    entropy = getattr(seeds, "entropy", None)
    return entropy if isinstance(entropy, int) else 0


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
