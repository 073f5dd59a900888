"""The worker of Cellwright: runs the cells of a notebook, each in a process of its own."""
