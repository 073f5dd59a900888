"""With which options a notebook runs in the interpreter that its Jupyter kernel would have."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .confined_arguments import NotAllowed


class KernelSpecification(Protocol):
    """The parts of a `kernel.json` that decide what runs."""

    @property
    def argv(self) -> Sequence[str]:
        """The program that the kernel is started with, and its arguments."""

    @property
    def env(self) -> Mapping[str, str]:
        """Variables that it is given."""

    @property
    def language(self) -> str:
        """What its cells are written in."""


def interpreter_options(
    notebook: str,
    find_kernel: Callable[[str], KernelSpecification | None],
    default_kernel: str = "python3",
) -> list[str]:
    """Options of `cellwright run` for the kernel that the notebook names; none when the server has no such kernel.

    :param notebook: its real path
    :param find_kernel: the server's own way to find a kernel by its name
    :raises NotAllowed: for a kernel of which it cannot be said what it would run
    """
    name = kernel_name(notebook) or default_kernel
    kernel = find_kernel(name)
    if kernel is None or not kernel.argv:
        return []
    first = kernel.argv[0]
    if kernel.language.lower() not in {"", "python"}:
        # Its program is no Python; what compares a run with the real kernel is one, with jupyter_client, as this one is.
        return ["--kernel", name, "--python", sys.executable]
    if kernel.env:
        if not os.path.isabs(first):
            raise NotAllowed(
                f"The kernel {name} names the program {first} without its path, and variables. Give its kernel.json a whole path in argv."
            )
        return ["--kernel", name]
    # Jupyter takes the server's own interpreter for such a name, whatever the search path says.
    if re.fullmatch(r"python(?:\d+(?:\.\d+)?)?(?:\.exe)?", first):
        return ["--python", sys.executable]
    return ["--python", first] if os.path.isabs(first) else ["--kernel", name]


def kernel_name(notebook: str) -> str | None:
    """The kernel that a notebook names in its metadata; nothing for a script, and for a file that cannot be read."""
    if not notebook.endswith(".ipynb"):
        return None
    try:
        with open(notebook, encoding="utf-8") as file:
            document = json.load(file)
        name = document["metadata"]["kernelspec"]["name"]
    # The command itself says what is wrong with the file.
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name else None
