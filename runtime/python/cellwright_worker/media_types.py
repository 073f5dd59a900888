"""What `mimetypes.add_type` has added: a table of the standard library that fills itself on first use, from files of the system."""

from __future__ import annotations

import os
from typing import Any

from .component import loaded


def added_types() -> list[tuple[str, str]]:
    """Endings and types that are not as the module finds them by itself; nothing while nobody has asked it."""
    module: Any = loaded("mimetypes")
    table = None if module is None else module._db
    if table is None:
        return []
    usual = _usual(module)
    kinds = zip((*table.types_map, table.encodings_map, table.suffix_map), usual)
    return sorted((key, value) for here, there in kinds for key, value in here.items() if there.get(key) != value)


_known: list[Any] = []


def _usual(module: Any) -> tuple[dict[str, str], ...]:
    if not _known:
        fresh = module.MimeTypes()
        for path in filter(os.path.isfile, module.knownfiles):
            fresh.read(path)
        _known[:] = (*fresh.types_map, fresh.encodings_map, fresh.suffix_map)
    return tuple(_known)
