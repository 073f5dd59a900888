"""Runs one step of an emitted notebook, or joins what steps gave; see `cellwright_task`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cellwright_task.command_line import main

sys.exit(main(sys.argv[1:]))
