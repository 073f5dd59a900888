"""Starts the program that keeps hosts on a cluster; see `cellwright_engines.keep`."""

from cellwright_engines.keep import main

main()
