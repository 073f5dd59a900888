"""What the tasks of an emitted Flyte project call: one step of a notebook in a process of its own, by reference.

`project` knows nothing of Flyte; `on_flytekit` and `on_flyte2` are the two SDKs' sides of it.
"""
