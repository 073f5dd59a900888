"""Starts the warm parent; see `cellwright_worker.parent`."""

from cellwright_worker.parent import main

main()
