"""Values of parameters that are given when a step starts: they take the place of those that were emitted."""

from __future__ import annotations

import json
import re
from typing import Any

from .plan import Project
from .problem import Problem, StepFailed

_INJECTED = re.compile(r"injected-parameters(-1)*$")
_SECRET = re.compile(r'(?:__import__\("os"\)\.environ|process\.env)\["([A-Za-z_]\w*)"\]')
_LINE = re.compile(r"^([^\W\d]\w*) = ", re.MULTILINE)


def with_parameters(project: Project, step: str, values: dict[str, Any]) -> Project:
    """The project with these values in the cell that the emitter has put after the one tagged `parameters`."""
    known = set(project.step(step).parameters)
    unknown = sorted(set(values) - known)
    if unknown:
        message = f"{step} has no parameter {unknown[0]}."
        names = ", ".join(sorted(known))
        raise StepFailed(Problem("CW820", message, f"Its parameters are {names}." if names else "Give it none."), 2)
    _refuse_new_secrets(project, values)
    for task in project.tasks:
        if values and _INJECTED.match(task["id"]):
            task["source"] = _assign(task["source"], values)
    return project


def given_values(values: dict[str, Any], texts: list[str], documents: list[str]) -> dict[str, Any]:
    """Values of a file, and those of `NAME=TEXT` and `NAME=JSON` over them; `StepFailed` for what is neither."""
    given = dict(values)
    for word in texts:
        name, text = _named(word)
        given[name] = text
    for word in documents:
        name, text = _named(word)
        try:
            given[name] = json.loads(text)
        except ValueError as error:
            help_text = 'Write a number, true, false, null, "text", [...] or {...}.'
            raise StepFailed(Problem("CW820", f"{text[:100]!r} is no JSON value for {name}: {error}.", help_text), 2) from error
    return given


def _named(word: str) -> tuple[str, str]:
    name, sign, text = word.partition("=")
    if not sign:
        raise StepFailed(Problem("CW820", f"{word[:100]!r} gives no parameter a value.", "Write NAME=VALUE."), 2)
    return name, text


def secret_names(document: str) -> list[str]:
    """Environment variables that the injected cells of a notebook refer to."""
    cells = json.loads(document)["cells"]
    injected = [cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
    texts = [cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"]) for cell in injected]
    return sorted({name for text in texts for name in _SECRET.findall(text)})


def _refuse_new_secrets(project: Project, values: dict[str, Any]) -> None:
    """Every step has to know which texts no file may have in it, so the notebook must have been emitted with them."""
    text = "".join(as_python(value) for value in values.values())
    new = sorted(set(_SECRET.findall(text)) - set(secret_names(project.document())))
    if new:
        message = f"The notebook was not emitted with the secret in {new[0]}, so other steps would not keep it to themselves."
        raise StepFailed(Problem("CW820", message, f"Emit it again with -p NAME env:{new[0]}."), 2)


def _assign(source: str, values: dict[str, Any]) -> str:
    """Each line of a name that is given gets its value."""
    starts = [(match.group(1), match.start()) for match in _LINE.finditer(source)]
    ends = [start for _, start in starts[1:]] + [len(source)]
    text = source[: starts[0][1]] if starts else source
    for (name, start), end in zip(starts, ends):
        text += f"{name} = {as_python(values[name])}\n" if name in values else source[start:end]
    return text


def as_python(value: Any) -> str:
    """A JSON value as Python source, letter for letter as `cellwright run -p` writes it."""
    if isinstance(value, str) and value.startswith("env:"):
        return f'__import__("os").environ["{_variable(value[len("env:") :])}"]'
    if isinstance(value, str):
        return '"' + "".join(_letter(letter) for letter in value) + '"'
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"float('{value}')"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(as_python(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_python(str(key))}: {as_python(item)}" for key, item in value.items()) + "}"
    return repr(value)


_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _letter(letter: str) -> str:
    code = ord(letter)
    if letter in _NAMED or 32 <= code < 127:
        return _NAMED.get(letter, letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _variable(name: str) -> str:
    if not re.match(r"[A-Za-z_]\w*$", name):
        raise StepFailed(Problem("CW820", f"{name!r} is no name of an environment variable.", "Write env:NAME."), 2)
    return name
