"""Which results this run believes: what a step is told to load is code, since a pickle is.

A reference is the digest of a manifest, which names all that it rests on by digests too. Whoever can write to the store alone can
therefore change nothing. Where references come from somewhere that others can write to as well, a key that only the run's steps have
signs them; with the key, an unsigned reference is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re

from .problem import Problem, StepFailed

KEY_VARIABLE = "CELLWRIGHT_RUN_KEY"
_REFERENCE = re.compile(r"(sha256:[0-9a-f]{64})(?:\.([0-9a-f]{64}))?")


def _signature(key: str, step: str, digest: str) -> str:
    return hmac.new(key.encode(), f"cellwright manifest\n{step}\n{digest}".encode(), hashlib.sha256).hexdigest()


def vouch(step: str, digest: str) -> str:
    """The reference to a manifest, signed when the run has a key."""
    key = os.environ.get(KEY_VARIABLE, "")
    return f"{digest}.{_signature(key, step, digest)}" if key else digest


def believed(step: str, reference: str) -> str:
    """The digest in a reference; `StepFailed` when the run has a key, and nobody who has it gave the reference."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise StepFailed(
            Problem("CW819", f"{reference[:100]!r} is no reference to a result of {step}.", "Give the manifest of its output file."), 2
        )
    digest, signature = found.groups()
    key = os.environ.get(KEY_VARIABLE, "")
    if key and not hmac.compare_digest(signature or "", _signature(key, step, digest)):
        message = f"The result of {step} is not signed with the key of this run, so nothing of it was loaded."
        raise StepFailed(Problem("CW821", message, f"Give a result of this run, or run {step} again with the key in {KEY_VARIABLE}."))
    return digest
