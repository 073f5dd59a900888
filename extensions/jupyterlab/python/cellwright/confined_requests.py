"""What a page asks of the service, with its paths confined to the server's root and the notebook's kernel put in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from .confined_arguments import NotAllowed, confine_arguments
from .confined_paths import OutsideRoot, confine

# Requests that name one notebook, and nothing else that is a path.
_OF_A_NOTEBOOK = {"follow", "stop", "active", "read-notebook", "watch-notebook", "read-report"}
_WITHOUT_A_PATH = {"initialize", "unfollow"}
# Commands that run, or look at, the interpreter of the notebook.
_WITH_INTERPRETER = {"run", "backtest", "status", "verify", "lock", "export", "test"}

#: Says with which options a notebook, given by its real path, runs in the interpreter of its kernel.
InterpreterOptions = Callable[[str], "list[str]"]

# As in extensions/service/protocol.ts.
_NO_SUCH_METHOD = -32601
_INVALID_PARAMS = -32602
_NOT_ALLOWED = 3


class Refused(Exception):
    """Raised for a request that does not reach the service."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ConfinedRequests:
    """Judges and completes requests of pages."""

    def __init__(self, root: str, interpreter: InterpreterOptions) -> None:
        self._root = os.path.realpath(root)
        self._interpreter = interpreter

    def confined(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The request as the service may have it.

        :raises Refused: with an error code of the protocol and a sentence for people
        """
        method, params = request.get("method"), request.get("params")
        if not isinstance(method, str):
            raise Refused(_INVALID_PARAMS, "A request has a method.")
        try:
            return {**request, "params": self._params(method, params)}
        except OutsideRoot as problem:
            raise Refused(_NOT_ALLOWED, f"{problem} Only files below it can be used from here.") from problem
        except NotAllowed as problem:
            raise Refused(_NOT_ALLOWED, str(problem)) from problem

    def _params(self, method: str, params: object) -> object:
        if method in _WITHOUT_A_PATH:
            return params
        if method not in {*_OF_A_NOTEBOOK, "command", "start"}:
            raise Refused(_NO_SUCH_METHOD, f"There is no request {method}.")
        if not isinstance(params, Mapping):
            raise Refused(_INVALID_PARAMS, f"{method} takes an object.")
        if method in _OF_A_NOTEBOOK:
            return {**params, "notebook": self._path(params, "notebook")}
        if method == "start":
            return self._start(params)
        folder = self._path(params, "folder")
        words = self._words(folder, params.get("arguments"))
        return {**params, "folder": folder, "arguments": self._with_interpreter(folder, words)}

    def _start(self, params: Mapping[str, Any]) -> dict[str, Any]:
        notebook = self._path(params, "notebook")
        # Relative paths begin at the notebook's folder, as on the command line there.
        folder = self._path(params, "folder") if "folder" in params else os.path.dirname(notebook)
        given = params.get("arguments", [])
        if not isinstance(given, list):
            raise Refused(_INVALID_PARAMS, "arguments is a list.")
        options = self._words(folder, ["run", *given])[1:]
        return {**params, "notebook": notebook, "folder": folder, "arguments": [*options, *self._options_for(notebook, options)]}

    def _path(self, params: Mapping[str, Any], name: str) -> str:
        path = params.get(name)
        if not isinstance(path, str):
            raise Refused(_INVALID_PARAMS, f"{name} is a path.")
        return confine(self._root, path)

    def _words(self, folder: str, words: object) -> list[str]:
        if not isinstance(words, list):
            raise Refused(_INVALID_PARAMS, "arguments is a list.")
        return confine_arguments(self._root, folder, words)

    def _with_interpreter(self, folder: str, words: list[str]) -> list[str]:
        notebook = next((word for word in words[1:] if os.path.isabs(word) and os.path.isfile(word)), None)
        if words[0] not in _WITH_INTERPRETER or notebook is None:
            return words
        return [*words, *self._options_for(notebook, words)]

    def _options_for(self, notebook: str, words: list[str]) -> list[str]:
        # A locked environment has an interpreter of its own.
        return [] if "--env" in words else self._interpreter(notebook)
