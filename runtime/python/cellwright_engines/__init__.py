"""How hosts come to be on a cluster. One file an engine: `ray_engine.py`, `dask_engine.py`, `local_engine.py`."""
