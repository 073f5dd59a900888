"""The command `cellwright`: the command line of this package, run by the Node runtime that came with it."""

from __future__ import annotations

import os
import subprocess
import sys

from .node_runtime import RuntimeMissing, command_line


def main() -> int:
    """Becomes the command line; where a process cannot become another one, waits for it and gives its exit code."""
    try:
        words = command_line(*sys.argv[1:])
    except RuntimeMissing as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 2
    if os.name != "nt":
        # Signals, the terminal and the exit code are then the program's own.
        os.execv(words[0], words)
    return subprocess.call(words)


if __name__ == "__main__":
    raise SystemExit(main())
