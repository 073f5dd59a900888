"""Where the folder of the notebook stands among those that modules are looked for in."""

from __future__ import annotations

import types

from IPython.core.shellapp import InteractiveShellApp


def search_beside_the_notebook() -> None:
    """Put it where this IPython puts it: behind the standard library, in older ones before it. Done already in a kernel."""
    InteractiveShellApp.init_path(types.SimpleNamespace(ignore_cwd=False))  # type: ignore[arg-type]
