"""The distributions of this interpreter: which file is whose, and where each came from."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote, urlsplit


def canonical_name(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Installed:
    """What is installed; of two with one name the one that an import finds."""

    def __init__(self) -> None:
        self.by_name: dict[str, importlib.metadata.Distribution] = {}
        for distribution in importlib.metadata.distributions():
            name = distribution.metadata["Name"]
            if name and canonical_name(name) not in self.by_name:
                self.by_name[canonical_name(name)] = distribution
        self._owners: dict[str, set[str]] = {}
        # Those that do not list their files, by the names that they install at the top level.
        self._unlisted: dict[str, set[str]] = {}
        self._folders: list[tuple[str, str]] = []
        for name, distribution in self.by_name.items():
            self._add(name, distribution)

    def _add(self, name: str, distribution: importlib.metadata.Distribution) -> None:
        source = source_of(distribution)
        if source is not None and "folder" in source:
            self._folders.append((os.path.realpath(source["folder"]), name))
        files = distribution.files
        if files is None:
            listed = (distribution.read_text("top_level.txt") or name.replace("-", "_")).split()
            for module in listed:
                self._unlisted.setdefault(module, set()).add(name)
            return
        roots: dict[str, str] = {}
        for file in files:
            folder = str(file.parent)
            if folder not in roots:
                roots[folder] = os.path.realpath(str(distribution.locate_file(file.parent)))
            self._owners.setdefault(os.path.join(roots[folder], file.name), set()).add(name)

    def owners_of(self, file: str, top: str) -> set[str]:
        """The distributions that installed a module's file."""
        real = os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))
        owners = self._owners.get(real, set())
        if owners:
            return owners
        inside = {name for folder, name in self._folders if real.startswith(folder + os.sep)}
        return inside or self._unlisted.get(top, set())

    def below(self, folder: str) -> set[str]:
        """The distributions that installed something in a folder."""
        start = os.path.realpath(folder) + os.sep
        return {name for file, names in self._owners.items() if file.startswith(start) for name in names}


def source_of(distribution: importlib.metadata.Distribution) -> Optional[dict[str, Any]]:
    """Where it came from, if not from an index: PEP 610."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return None
    try:
        told = json.loads(text)
    except ValueError:
        return {"kind": "unknown"}
    url = told.get("url", "") if isinstance(told, dict) else ""
    folder = path_of(url)
    if "vcs_info" in told:
        info = told["vcs_info"]
        return {
            "kind": "vcs",
            "type": str(info.get("vcs", "git")),
            "url": without_secrets(url),
            "commit": str(info.get("commit_id", "")),
            "revision": str(info.get("requested_revision") or ""),
            "subdirectory": str(told.get("subdirectory") or ""),
        }
    if "dir_info" in told and folder is not None:
        return {"kind": "directory", "folder": folder, "editable": bool(told["dir_info"].get("editable", False))}
    if "archive_info" in told:
        info = told["archive_info"]
        hashes = dict(info.get("hashes") or {})
        if not hashes and "=" in str(info.get("hash") or ""):
            kind, _, value = info["hash"].partition("=")
            hashes[kind] = value
        hashes = {kind: value for kind, value in hashes.items() if kind in ("md5", "sha256", "sha384", "sha512")}
        if folder is None:
            return {"kind": "archive", "url": without_secrets(url), "hashes": hashes}
        return {"kind": "archive", "file": folder, "hashes": hashes or hashes_of(folder)}
    return {"kind": "unknown"}


def path_of(url: str) -> Optional[str]:
    """The path of a `file:` address."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else None


def without_secrets(url: str) -> str:
    """An address without a name and a password."""
    return re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", url)


def hashes_of(file: str) -> dict[str, str]:
    """Of a file that may be gone."""
    import hashlib

    try:
        return {"sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest()}
    except OSError:
        return {}
