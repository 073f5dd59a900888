"""Starts the warm parent; see `cellwright_worker.parent`."""

from cellwright_worker.own_builtins import install

install()

from cellwright_worker.reached import reached  # noqa: E402  (after the finder)

reached.watch()

from cellwright_worker.parent import main  # noqa: E402

main()
