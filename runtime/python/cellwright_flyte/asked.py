"""What a step asked the notebook's folder here, beyond files: when the answer is another one, Flyte's local cache is out of date."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LONGEST = 255


def _file(code: str) -> Path:
    return Path(os.path.expanduser("~/.flyte/cellwright/asked"), f"{code}.json")


def keep_asked(cache_key: str, folder: Path, missing: Sequence[str], listed: Sequence[str]) -> None:
    """Remember names that were not there, and what was in folders that were listed; of a folder the first answer stays."""
    file = _file(code_of(cache_key))
    known = _read(file)
    if known is None:
        file.unlink()
        known = _nothing()
    if not missing and not listed:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    names = sorted({*known["missing"], *(name for name in missing if len(name) <= _LONGEST)})
    folders = {**{name: _names_in(folder / name) for name in listed}, **known["listed"]}
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"missing": names, "listed": folders}), encoding="utf-8")
    temporary.replace(file)


def changed_answers(code: str, folder: Path) -> list[str]:
    """The answers that are other ones now; `code` is what `cache_version` is given. Where they are not known, no earlier result counts."""
    known = _read(_file(code))
    if known is None:
        return [uuid.uuid4().hex]
    there = [name for name in known["missing"] if os.path.lexists(folder / name)]
    now = {name: _names_in(folder / name) for name in known["listed"]}
    return there + [f"{name}/{now[name]}" for name, answer in known["listed"].items() if now[name] != answer]


def _names_in(folder: Path) -> str:
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def code_of(cache_key: str) -> str:
    """As the emitted files have it."""
    return cache_key[len("sha256:") :][:16]


def _nothing() -> dict[str, Any]:
    return {"missing": [], "listed": {}}


def _read(file: Path) -> dict[str, Any] | None:
    """None for what is there and cannot be understood."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _nothing()
    except (OSError, ValueError):
        return None
    is_whole = isinstance(known, dict) and isinstance(known.get("missing"), list) and isinstance(known.get("listed"), dict)
    return known if is_whole else None
