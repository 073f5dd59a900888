"""What distributions require, by their metadata in this environment."""

from __future__ import annotations

import importlib
from typing import Any, Optional

from .installed import Installed, canonical_name

# `packaging` decides about markers and versions; installers bring a copy.
PLACES = ("packaging", "pip._vendor.packaging", "setuptools._vendor.packaging")


def find_packaging() -> Optional[str]:
    """The name under which `packaging` can be imported here."""
    for name in PLACES:
        try:
            importlib.import_module(f"{name}.requirements")
        except ImportError:
            continue
        return name
    return None


class Closure:
    """Grows from the roots until nothing is missing."""

    def __init__(self, installed: Installed, packaging: str) -> None:
        self._installed = installed
        self._requirements = importlib.import_module(f"{packaging}.requirements")
        self._extras: dict[str, set[str]] = {}
        self.needs: dict[str, set[str]] = {}
        # What is required and not there, or there in another version.
        self.broken: list[dict[str, Any]] = []

    def read(self, text: str) -> Any:
        """A requirement; None when it is none."""
        try:
            return self._requirements.Requirement(text)
        except self._requirements.InvalidRequirement:
            return None

    def require(self, text: str, by: str) -> None:
        """Takes a requirement as a root."""
        wanted = self.read(text)
        if wanted is not None and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            self._meet(wanted, by)

    def _meet(self, wanted: Any, by: str) -> None:
        name = canonical_name(wanted.name)
        distribution = self._installed.by_name.get(name)
        have = None if distribution is None else distribution.version
        if have is None or not wanted.specifier.contains(have, prereleases=True):
            told = {"by": by, "name": name, "wanted": str(wanted.specifier), "have": have}
            if told not in self.broken:
                self.broken.append(told)
        if by:
            self.needs.setdefault(by, set()).add(name)
        if distribution is not None:
            self.add(name, set(wanted.extras))

    def add(self, name: str, extras: set[str]) -> None:
        """Takes a distribution, with these of its extras."""
        known = self._extras.get(name)
        if known is not None and extras <= known:
            return
        active = {*extras, *(known or ())}
        self._extras[name] = active
        self.needs.setdefault(name, set())
        distribution = self._installed.by_name[name]
        for text in distribution.requires or ():
            wanted = self.read(text)
            if wanted is None:
                continue
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *active)):
                self._meet(wanted, name)

    def names(self) -> list[str]:
        """All of it."""
        return sorted(self._extras)
