"""Starts a host; see `cellwright_host.main`."""

from cellwright_host.main import main

main()
