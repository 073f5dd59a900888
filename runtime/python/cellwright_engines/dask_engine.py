"""Hosts as tasks of Dask, one a thread of a worker."""

from __future__ import annotations

import concurrent.futures
import itertools
from typing import Any

from . import slot
from .engine import Capacity, Launch, Unusable

_LONGEST_CHECK = 6.0


def _in_dask(program: bytes, executable: str, host: dict[str, Any]) -> str:
    """A task of Dask: whatever process and thread Dask takes for it, the host is a process of its own."""
    from distributed import get_worker

    return slot.keep_host(program, executable, host, get_worker().address)


class DaskEngine:
    """A cluster that this process is connected to."""

    def __init__(self, client: Any) -> None:
        """Connected already."""
        import cloudpickle

        self._client = client
        self._program: Any = None
        self._turn = itertools.count()
        for module in (slot, __import__(__name__, fromlist=["_in_dask"])):
            cloudpickle.register_pickle_by_value(module)

    def _workers(self) -> dict[str, Any]:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def capacity(self) -> Capacity:
        """As `Engine` says."""
        workers = self._workers()
        threads = sum(worker["nthreads"] for worker in workers.values())
        return Capacity(threads, f"{threads} threads of {len(workers)} workers")

    def start(self, launch: Launch) -> Any:
        """As `Engine` says."""
        # Dask would give all of them to the first worker that is free; a dead one is not asked for.
        places = [address for address, worker in sorted(self._workers().items()) for _ in range(worker["nthreads"])]
        where = [places[next(self._turn) % len(places)]] if places else None
        options = {"pure": False, "retries": 0, "workers": where, "allow_other_workers": True}
        return self._client.submit(_in_dask, launch.program, launch.executable, launch.host, **options)

    def ended(self, handles: list[Any], seconds: float) -> list[tuple[Any, str]]:
        """As `Engine` says."""
        from distributed import wait

        try:
            with self._client.as_current():
                wait(handles, timeout=seconds, return_when=concurrent.futures.FIRST_COMPLETED)
        except (TimeoutError, concurrent.futures.TimeoutError):
            return []
        return [(handle, self._text(handle)) for handle in handles if handle.done()]

    @staticmethod
    def _text(handle: Any) -> str:
        try:
            return str(handle.result(timeout=_LONGEST_CHECK))
        except Exception as error:  # noqa: BLE001  (a lost worker, a lost scheduler: each has a class of its own)
            return f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Dask forgets the tasks of a client that leaves; hosts see that the driver is gone."""
        self._client.close(timeout=3)


def open_engine(address: str) -> DaskEngine:
    """`address` is that of the scheduler, `HOST:8786`."""
    try:
        from distributed import Client
    except ImportError as error:
        raise Unusable(
            f"this interpreter has no package distributed ({error})",
            "Install the cluster's version: python -m pip install 'distributed==VERSION', or name another interpreter with --python.",
        ) from error
    try:
        return DaskEngine(Client(f"tcp://{address}", timeout=_LONGEST_CHECK, set_as_default=False))
    except (OSError, TimeoutError) as error:
        raise Unusable(f"Dask's scheduler at {address} does not answer ({error})", "Name it as HOST:8786.") from error
