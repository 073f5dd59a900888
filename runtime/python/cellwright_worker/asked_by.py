"""Who asks the system about files: an audit hook's own caller tells what the answer is for."""

from __future__ import annotations

import os
import pathlib
import sys
import tempfile

_LIBRARY = os.path.dirname(os.__file__)
_MAKE_FOLDERS = (os.makedirs.__code__, pathlib.Path.mkdir.__code__)


def importing() -> bool:
    """True when the import system itself is looking into a folder for modules."""
    frame = sys._getframe(3)
    return frame.f_code.co_filename.startswith("<frozen importlib")


def needs_new() -> bool:
    """True where a folder that is there already would be an error."""
    frame = sys._getframe(4)
    may_exist = frame.f_code in _MAKE_FOLDERS and bool(frame.f_locals.get("exist_ok"))
    return not may_exist and frame.f_code.co_filename != tempfile.__file__


def wants_names() -> bool:
    """True when the standard library goes through a folder: it asks entries for their names and types, not for their times."""
    frame = sys._getframe(3)
    file = frame.f_code.co_filename
    return file.startswith("<frozen ") or os.path.dirname(file) == _LIBRARY
