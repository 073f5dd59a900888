"""JSON as this program writes and reads it: a notebook may put something else into the module `json`, or change its defaults."""

from __future__ import annotations

from json import JSONDecoder, JSONEncoder
from typing import Any, Callable

# Taken now, with everything said that has a default: on one line, whatever it is.
_encoder = JSONEncoder(ensure_ascii=False, allow_nan=True, indent=None, separators=(", ", ": "), default=str)
write_json: Callable[[Any], str] = _encoder.encode
read_json: Callable[[str], Any] = JSONDecoder().decode
