"""What a cell asked the web for, and what the servers said of it: addresses, and headers that tell one version from another.

Nothing is asked twice: what is written down is what the cell's own library was told. Libraries that build on `http.client` (urllib,
requests, pandas) are seen with their addresses; of others, only with which host they spoke. The values in a query, names and
passwords are left out: they may be secrets.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable
from urllib.parse import parse_qsl, urlsplit

_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1")
# What tells one version of a document from another.
_VERSIONS = ("x-amz-version-id", "x-goog-generation", "x-ms-version-id")
_SCHEMES = {80: "http", 443: "https"}


def public_address(scheme: str, host: str, target: str) -> str:
    """An address without anything that may be a secret: of a query only the names."""
    parts = urlsplit(target)
    place = parts.netloc.rpartition("@")[2] or host
    names = "&".join(f"{name}=…" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.scheme or scheme}://{place}{parts.path}{'?' + names if names else ''}"


class WebRequests:
    """The requests of one task, in their order."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []
        # Host and port of every connection, and of those whose requests are known.
        self._hosts: dict[tuple[str, int], None] = {}
        self._known: set[tuple[str, int]] = set()

    def clear(self) -> None:
        """Forget what an earlier task asked for."""
        self._found = []
        self._hosts.clear()
        self._known.clear()

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event in."""
        if event == "http.client.send":
            self._sent(*arguments[:2])
        elif event == "socket.getaddrinfo":
            host, port = arguments[:2]
            if isinstance(host, bytes):
                host = host.decode("idna" if host.isascii() else "utf-8", "replace")
            if isinstance(host, str) and host and str(port or "").isdecimal():
                self._hosts.setdefault((host.lower(), int(port)))
        elif event == "urllib.Request":
            address, method = arguments[0], arguments[3]
            if isinstance(address, str) and urlsplit(address).scheme not in ("http", "https", "file", "data", ""):
                parts = urlsplit(address)
                self._add(method or "GET", public_address(parts.scheme, parts.hostname or "", address))
                if parts.hostname:
                    self._known.add((parts.hostname, parts.port or 21))

    def report(self) -> list[dict[str, Any]]:
        """Every request; a host with which a library spoke in its own way has no method."""
        others = [{"url": f"//{host}:{port}", "method": ""} for host, port in self._hosts if (host, port) not in self._known]
        return [dict(entry) for entry in (*self._found, *others)]

    def _add(self, method: str, url: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"url": url, "method": method}
        self._found.append(entry)
        return entry

    def _sent(self, connection: Any, data: Any) -> None:
        start = _REQUEST.match(data) if isinstance(data, (bytes, bytearray)) else None
        if start is None:
            return
        method, target = (part.decode("latin-1") for part in start.groups())
        host, port = str(connection.host), int(connection.port)
        self._known.add((host.lower(), port))
        tunnel = getattr(connection, "_tunnel_host", None)
        name, number = (tunnel, getattr(connection, "_tunnel_port", None) or 443) if tunnel else (host, port)
        usual = int(getattr(connection, "default_port", 0) or 0)
        scheme = _SCHEMES.get(usual, "http")
        entry = self._add(method, public_address(scheme, name if number == usual else f"{name}:{number}", target))
        _listen(connection, entry)


def _listen(connection: Any, entry: dict[str, Any]) -> None:
    """Read the headers of the answer when the library asks for it: on this one connection, once."""
    original: Callable[..., Any] = connection.getresponse

    def getresponse(*arguments: Any, **keywords: Any) -> Any:
        with contextlib.suppress(AttributeError):
            del connection.getresponse
        response = original(*arguments, **keywords)
        with contextlib.suppress(Exception):
            entry.update(_described(response))
        return response

    # A class of somebody else's may have no room for it: then the address is all that is known.
    with contextlib.suppress(AttributeError):
        if "getresponse" not in vars(connection):
            connection.getresponse = getresponse


def _described(response: Any) -> dict[str, Any]:
    headers = response.headers
    version = next((f"{name}: {headers[name]}" for name in _VERSIONS if headers.get(name)), None)
    length = headers.get("Content-Length")
    told = {
        "status": response.status,
        "etag": headers.get("ETag"),
        "lastModified": headers.get("Last-Modified"),
        "version": version,
        "size": int(length) if length is not None and length.isdecimal() else None,
    }
    return {name: value for name, value in told.items() if value is not None}
