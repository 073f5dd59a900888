"""What a store does, wherever it is, and how it fails."""

from __future__ import annotations

from typing import Callable, Protocol, TypeVar

Answer = TypeVar("Answer")
# Asks a store, as often as it seems worth while.
Patience = Callable[[Callable[[], Answer]], Answer]


class Unreachable(Exception):
    """The store does not answer now; it may later."""


class Refused(Exception):
    """The store cannot be used as things are, and to ask again would not mend it."""

    def __init__(self, message: str, help_text: str) -> None:
        """`help_text` says what to do."""
        super().__init__(message)
        self.message, self.help_text = message, help_text


class Missing(Exception):
    """The store answers, and has nothing under the key."""


class Damaged(Exception):
    """What is under the key is not what was put there."""


class Store(Protocol):
    """Keys are relative paths such as `files/ab/abcd…`; what is under a key never changes, and is there whole or not at all.

    Every method raises `Unreachable` or `Refused`.
    """

    def has(self, key: str) -> bool:
        """Whether it is there."""

    def read(self, key: str) -> bytes:
        """All of it; raises `Missing`."""

    def write(self, key: str, data: bytes) -> None:
        """Write, unless it is there."""

    def get_file(self, key: str, path: str) -> None:
        """Write what is under the key to a file; raises `Missing` or `Damaged`. The whole is compared with its name by who asks."""

    def put_file(self, key: str, path: str) -> None:
        """Keep what is in a file, unless it is there."""

    def remove(self, key: str) -> None:
        """Let nothing be under the key."""


def key_of(kind: str, digest: str) -> str:
    """The key of something that is named by its digest."""
    hexadecimal = digest.partition(":")[2]
    return f"{kind}/{hexadecimal[:2]}/{hexadecimal}"


def once(ask: Callable[[], Answer]) -> Answer:
    """No patience: whoever asks the store knows better when to ask again."""
    return ask()
