"""Secrets that parameters refer to: text of environment variables that no file of this program may have in it.

A variable that is such a text is not stored: every process takes it from its own environment. Whatever else has one in its pickle
cannot be stored, so it stays in its process. What user code derives from one, such as base64, is not known by looking.
"""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any, Optional

# An object of this name is no object of the store.
_PLACE = "env:"
_SHORTEST_LINE = 8


class KeptSecrets:
    """Those of this process's run."""

    def __init__(self) -> None:
        """There are none."""
        self._values: dict[str, str] = {}
        self._patterns: list[re.Pattern[bytes]] = []
        self._texts: list[str] = []

    def take(self, names: Iterable[str], variables: dict[str, str]) -> None:
        """`names` are those of environment variables."""
        self._values = {name: variables[name] for name in names if variables.get(name)}
        texts = {text for value in self._values.values() for part in _parts(value) for text in _writings(part)}
        self._texts = sorted(texts, key=len, reverse=True)
        codes = {text.encode(code, "surrogatepass") for text in texts for code in ("utf-8", "utf-16-le", "utf-32-le")}
        self._patterns = [re.compile(re.escape(code)) for code in sorted(codes)]

    def place_of(self, value: Any) -> Optional[str]:
        """The place of a text that every process has in its environment; None for everything else."""
        if type(value) is str:
            for name, secret in self._values.items():
                if value == secret:
                    return _PLACE + name
        return None

    def at(self, place: str) -> Optional[str]:
        """What is at such a place; None for an object of the store."""
        return self._values[place[len(_PLACE) :]] if place.startswith(_PLACE) else None

    def are_in(self, buffers: Iterable[Any]) -> bool:
        """True when one of them is in the bytes."""
        return any(pattern.search(buffer) for pattern in self._patterns for buffer in buffers)

    def mask(self, text: str) -> str:
        """The text without them."""
        for secret in self._texts:
            text = text.replace(secret, "••••")
        return text


def _parts(value: str) -> list[str]:
    lines = value.splitlines()
    return [value, *(line for line in lines if len(lines) > 1 and len(line.strip()) >= _SHORTEST_LINE)]


def _writings(part: str) -> set[str]:
    """As `secrets.ts` has them, as far as they are likely in data."""
    address = urllib.parse.quote(part, safe="", errors="surrogatepass")
    return {part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], repr(part)[1:-1], html.escape(part), address}


secrets = KeptSecrets()
