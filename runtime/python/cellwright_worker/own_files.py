"""Paths that are no business of the notebook's: of the system's kernel, of libraries, of this program itself."""

from __future__ import annotations

import os

# Arrays that joblib hands to its processes.
_OF_POOLS = "/dev/shm/joblib_memmapping_folder_"
# Locks between processes, and a note of OpenMP for itself: nobody reads them as files.
_LOCKS = ("/dev/shm/sem.", "/dev/shm/__KMP_REGISTERED_LIB_")


class OwnFiles:
    """What is below some folders, but for what the notebook's programs share there."""

    def __init__(self, roots: tuple[str, ...], shared: tuple[str, ...]) -> None:
        """Folders, each with a separator at its end."""
        self.roots, self.shared = roots, shared

    def has(self, path: str) -> bool:
        """True when nobody needs to know what is done with an absolute path."""
        path += os.sep
        if not path.startswith(self.roots):
            return False
        return not path.startswith(self.shared) or path.startswith((_OF_POOLS, *_LOCKS))
