"""Cellwright for Jupyter: the command line with its Node runtime, the extension of JupyterLab and Notebook, and the server's part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "cellwright"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    # Only a Jupyter server needs tornado; the command line starts faster without it.
    from .handlers import add_handlers

    add_handlers(server)
