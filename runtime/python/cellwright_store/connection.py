"""The client of an address, as `fsspec` finds it, and what its errors mean: each client library has classes of its own."""

from __future__ import annotations

import importlib
import os
import ssl
from collections.abc import Iterator
from typing import Any, Callable, TypeVar

from .store import Refused, Unreachable

Result = TypeVar("Result")

_CLIENTS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs"}
# Where an upload is seen whole or not at all; elsewhere it is written beside its place and moved in.
_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"})
# A mistake of the program or of its user that no patience mends.
_FINAL = (FileNotFoundError, PermissionError, ImportError, TypeError, ValueError, NotADirectoryError, IsADirectoryError)
# The same of client libraries, which need not be installed here.
_FINAL_BY_NAME = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "InvalidConfigError", "ParamValidationError", "UnknownServiceError"}
)
# Variables by which the client for S3 is told whom to trust.
_AUTHORITIES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_LOOK = "Look at the address, the credentials and the server, and run it again."


class Connection:
    """A client, and the place behind the address."""

    def __init__(self, url: str) -> None:
        """Raises `Refused` when no package is installed for the address."""
        self.shown = without_password(url)
        self._protocol = url.partition("://")[0]
        try:
            core = importlib.import_module("fsspec.core")
            files, root = core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False, **self._trust())
        except (ImportError, ValueError) as error:
            needed = _CLIENTS.get(self._protocol, "fsspec")
            help_text = f"Install {needed} where the tasks run, beside the notebook's packages: pip install {needed}"
            raise Refused(f"{self.shown} cannot be used as a store: {error}.", help_text) from error
        self.files: Any = files
        self.root = str(root).rstrip("/")
        names = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
        self.is_whole = bool(names & _WHOLE)

    def ask(self, action: Callable[[], Result]) -> Result:
        """Do it; raises `Unreachable` or `Refused` when it does not go well."""
        try:
            return action()
        except Exception as error:
            said = f"{self.shown} cannot be used: {type(error).__name__}: {str(error)[:500]}"
            distrust = [cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)]
            if distrust:
                # The client's own class for it tells less.
                why = getattr(distrust[-1], "verify_message", "") or str(distrust[-1])
                raise Refused(f"{self.shown} cannot be trusted: {why}. Nothing was sent to it.", self._whom_to_trust()) from error
            # A file that the client itself was to read, such as that of the authorities.
            is_setting = type(error).__name__ == "HTTPClientError" and any(isinstance(cause, FileNotFoundError) for cause in _causes(error))
            if is_setting or isinstance(error, _FINAL) or type(error).__name__ in _FINAL_BY_NAME:
                raise Refused(f"{said}.", _LOOK) from error
            raise Unreachable(said) from error

    def _trust(self) -> dict[str, Any]:
        """The client for S3 brings authorities of its own; where nothing else is said to it, it trusts those of this machine's OpenSSL."""
        named = os.environ.get("SSL_CERT_FILE", "")
        if self._protocol not in ("s3", "s3a") or not named or any(os.environ.get(name) for name in _AUTHORITIES):
            return {}
        session = importlib.import_module("botocore.session").get_session()
        return {} if session.get_config_variable("ca_bundle") else {"client_kwargs": {"verify": named}}

    def _whom_to_trust(self) -> str:
        variable = "AWS_CA_BUNDLE" if self._protocol in ("s3", "s3a") else "SSL_CERT_FILE"
        where = "where the tasks run"
        return f"If its certificate is of an authority of your own, name the file of that authority with {variable} {where}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came of."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        # A client library keeps what it wraps in members of its own.
        wrapped = getattr(found, "certificate_error", None) or getattr(found, "os_error", None)
        found = found.__cause__ or found.__context__ or (wrapped if isinstance(wrapped, BaseException) else None)


def without_password(url: str) -> str:
    """An address for people: without a name and a password in it."""
    protocol, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{protocol}{mark}{host.rpartition('@')[2]}{slash}{path}"
