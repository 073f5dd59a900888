"""The objects of this machine: fetched before a process is told of them, published before anybody else is."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from typing import Any, Callable, Optional

from cellwright_store.store import Missing, Refused, Unreachable, key_of

from .soundness import is_sound
from .stores import SharedStore

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
# The digest of no object.
_NOTHING = "sha256:" + "0" * 64


class Lost(Exception):
    """An object can be had from nowhere."""


class Objects:
    """A folder of objects on this machine beside a store that all machines share."""

    def __init__(self, root: str, stores: list[SharedStore], patience: float, tell: Callable[[str], None]) -> None:
        """`stores`: what is written goes to the first; what is read comes from the first that has it. None: this folder is all there is.

        `patience`: so many seconds a store may not answer. `tell` is told when one does not, and when it does again.
        """
        self.root = root
        self._stores = stores
        self._patience = patience
        self._tell = tell
        self._published: set[str] = set()
        self._coming: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def refusal(self) -> Optional[dict[str, str]]:
        """Why the store that is written to cannot be used by this machine, and what to do; None when nothing is known against it."""
        try:
            for store in self._stores[:1]:
                store.has(_NOTHING)
        except Refused as error:
            return {"message": error.message, "help": error.help_text}
        except Unreachable:
            pass  # It is waited for when something is to be moved.
        return None

    def fetch(self, digests: list[str]) -> None:
        """See to it that these are on this machine; raises `Lost` for what cannot be had."""
        for digest in digests:
            place = self._place(digest)
            if not self._stores or os.path.exists(place):
                continue
            with self._only_one(digest):
                if not os.path.exists(place):
                    self._fetch_one(digest, place)

    def publish(self, digests: list[str]) -> None:
        """See to it that other machines can have these; raises `Lost` when the store does not take them."""
        for digest in digests:
            if not self._stores or digest in self._published:
                continue
            place = self._place(digest)
            if not self._patiently(self._stores[0].has, digest):
                self._patiently(self._stores[0].put, digest, place)
            self._published.add(digest)

    def forget(self, digest: str) -> None:
        """A process has found an object damaged, or not there: the next one is to get it afresh."""
        place = self._place(digest)
        if self._stores and os.path.exists(place) and not is_sound(place):
            os.unlink(place)
        self._published.discard(digest)

    def _place(self, digest: str) -> str:
        return os.path.join(self.root, *key_of("objects", digest).split("/"))

    def _only_one(self, digest: str) -> threading.Lock:
        with self._lock:
            return self._coming.setdefault(digest, threading.Lock())

    def _fetch_one(self, digest: str, place: str) -> None:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(place), prefix=".tmp-")
        os.close(handle)
        try:
            if not any(self._got(store, digest, temporary) for store in self._stores):
                raise Lost(digest)
            os.replace(temporary, place)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)

    def _got(self, store: SharedStore, digest: str, temporary: str) -> bool:
        """False when the store does not have it, or not as its name says."""
        try:
            self._patiently(store.get, digest, temporary)
        except Missing:
            return False
        if is_sound(temporary, digest):
            return True
        store.discard(digest)
        return False

    def _patiently(self, ask: Callable[..., Any], *given: Any) -> Any:
        """A store may be slow or gone for a while: it is asked again until it answers, or patience is at its end."""
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        told = False
        while True:
            try:
                answer = ask(*given)
            except Refused as error:
                raise Lost(f"{given[0]} ({error})") from error
            except Unreachable as error:
                if time.monotonic() + pause > deadline:
                    raise Lost(f"{given[0]} ({error})") from error
                if not told and pause > _FIRST_PAUSE * 4:
                    told = True
                    self._tell(f"the store does not answer ({error}); it is asked again")
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if told:
                    self._tell("the store answers again")
                return answer


def objects_in(message: dict[str, Any]) -> list[str]:
    """The objects that a process needs once it has this message, each once."""
    kind = message.get("type")
    if kind == "run":
        bindings = list(message["preload"].values())
    elif kind == "binding":
        bindings = [message["binding"]]
    elif kind == "stage":
        bindings = [{"kind": "value", "ref": reference} for step in message["steps"] for reference in step["state"].values()]
    else:
        return []
    found = [binding["ref"]["object"] for binding in bindings if binding["kind"] == "value"]
    return [digest for digest in dict.fromkeys(found) if digest.startswith("sha256:")]


def objects_written(message: dict[str, Any]) -> list[str]:
    """The objects that others may be told of once this message has gone on."""
    if message.get("type") != "done":
        return []
    found = [write["ref"]["object"] for write in message["result"]["writes"].values()]
    return [digest for digest in dict.fromkeys(found) if digest.startswith("sha256:")]
