"""The words of a command line that a page asks for, with every path in them confined to the server's root."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from .confined_paths import OutsideRoot, confine


class NotAllowed(ValueError):
    """Raised for an option that pages may not use on a Jupyter server; the message names it."""


# How many words follow an option. What is not here is refused, so that an option which comes to name a path is not let through unseen.
_FLAGS = [
    "--all",
    "--back",
    "--force",
    "--forward",
    "--frozen",
    "--json",
    "--keep-going",
    "--list",
    "--no-cache",
    "--no-environment",
    "--no-report",
    "--one-process",
    "--quiet",
    "--spawn",
    "--write",
    "--yes",
    "-q",
    "-y",
]
_WORDS = [
    "--against",
    "--capture",
    "--execution-timeout",
    "--format",
    "--jobs",
    "--keep",
    "--keep-days",
    "--keep-warm",
    "--last",
    "--limit",
    "--matrix-exclude",
    "--only",
    "--parameters-base64",
    "--pin",
    "--run",
    "--schedule",
    "--target",
    "--task",
    "--tolerance",
    "--unpin",
    "--until",
    "-b",
    "-j",
    "-n",
    "-t",
]
_PATHS = [
    "--certificate",
    "--csv",
    "--cwd",
    "--frozen-file",
    "--hook",
    "--html",
    "--lock",
    "--modules",
    "--out",
    "--output",
    "--parameters-file",
    "--profile",
    "--report",
    "--tests",
    "-f",
    "-o",
]
_PAIRS = ["--parameters", "--parameters-raw", "-p", "-r"]
# A file's path, unless they hold a sign `=`.
_FILES_OR_VALUES = ["--baseline", "--matrix"]
# These mean the environment's own lock when they hold this word, and a file's path otherwise.
_LOCKED = "--env"
# For these commands `--check` names a certificate; for others it stands alone.
_CHECKS_A_FILE = {"verify"}
# Of every notebook of this account, or what is not the page's to choose on a server: the kernel says which interpreter.
_REFUSED = {
    "--all": {"gc", "clean", "status"},
    "-y": {"run", "status", "compile", "graph"},
}


def confine_arguments(root: str, folder: str, words: Iterable[object]) -> list[str]:
    """The same words with the real paths in them.

    :param folder: the confined folder that relative paths begin at
    :raises OutsideRoot: for a path that is not below the root
    :raises NotAllowed: for an option that is not let through, or a word that is no text
    """
    texts = [word if isinstance(word, str) else _not_a_text() for word in words]
    if not texts:
        raise NotAllowed("No command was named.")
    command, rest = texts[0], iter(texts[1:])
    return [command, *(word for first in rest for word in _confined(root, folder, command, first, rest))]


def _not_a_text() -> str:
    raise NotAllowed("A command line is a list of texts.")


def _confined(root: str, folder: str, command: str, first: str, rest: Iterator[str]) -> list[str]:
    if not first.startswith("-") or first == "-":
        return [_place(root, folder, first)]
    option, sign, value = first.partition("=")
    if command in _REFUSED.get(option, ()):
        raise NotAllowed(f"{command} does not take {option} here.")
    values = iter([value]) if sign else rest
    if option == "--check":
        return [option, confine(root, _next(option, values), folder)] if command in _CHECKS_A_FILE else [option]
    if option in _FLAGS and not sign:
        return [option]
    if option in _PAIRS and not sign:
        return [option, _next(option, rest), _next(option, rest)]
    if option in _WORDS:
        return [option, _next(option, values)]
    if option in _PATHS:
        return [option, confine(root, _next(option, values), folder)]
    if option in _FILES_OR_VALUES:
        word = _next(option, values)
        return [option, word if "=" in word else confine(root, word, folder)]
    if option == _LOCKED:
        word = _next(option, values)
        return [option, word if word == "lock" else confine(root, word, folder)]
    raise NotAllowed(f"The option {option} cannot be used here. Use it on the command line.")


def _next(option: str, values: Iterator[str]) -> str:
    value = next(values, None)
    if value is None:
        raise NotAllowed(f"The option {option} needs a value.")
    return value


def _place(root: str, folder: str, word: str) -> str:
    """A path where it is one; else the id of a run, a cell, a variable: a word without a separator, with no file of that name."""
    if word == "-":
        raise NotAllowed("Standard input cannot be used here.")
    has_separator = "/" in word or os.sep in word or word in {".", ".."} or word.startswith("~")
    if has_separator or "\0" in word or os.path.lexists(os.path.join(folder, word)):
        return confine(root, word, folder)
    return word


__all__ = ["NotAllowed", "OutsideRoot", "confine_arguments"]
