"""Hosts as tasks of Ray, one a processor; Ray says on which machine each is and when it has gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import slot
from .engine import Capacity, Launch, Unusable

_LONGEST_CHECK = 5.0
_CLIENT_PORT = ":10001"


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise Unusable(
            f"this interpreter has no package ray ({error})",
            "Install the version that the cluster has: python -m pip install 'ray==VERSION', or name another interpreter with --python.",
        ) from error
    return ray


def _in_ray(program: bytes, executable: str, host: dict[str, Any]) -> str:
    """A task of Ray: whatever process Ray takes for it, the host is one of its own."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    return slot.keep_host(program, executable, host, f"{ray.util.get_node_ip_address()} ({node[:8]})")


class RayEngine:
    """A cluster that this process is connected to."""

    def __init__(self, ray: Any) -> None:
        """Connected already."""
        self._ray = ray
        # The other machines do not have this package: it goes there with the function.
        ray.cloudpickle.register_pickle_by_value(slot)
        ray.cloudpickle.register_pickle_by_value(__import__(__name__, fromlist=["_in_ray"]))
        # A host that is lost is a message to the run, which asks for another one.
        self._task = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(_in_ray)
        self._program: Any = None

    def capacity(self) -> Capacity:
        """As `Engine` says."""
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        processors = int(sum(node["Resources"].get("CPU", 0) for node in nodes))
        return Capacity(processors, f"{_count(processors, 'processor')} on {_count(len(nodes), 'node')}")

    def start(self, launch: Launch) -> Any:
        """As `Engine` says."""
        if self._program is None:
            self._program = self._ray.put(launch.program)
        return self._task.remote(self._program, launch.executable, launch.host)

    def ended(self, handles: list[Any], seconds: float) -> list[tuple[Any, str]]:
        """As `Engine` says."""
        done, _ = self._ray.wait(handles, num_returns=1, timeout=seconds, fetch_local=False)
        return [(handle, self._text(handle)) for handle in done]

    def _text(self, handle: Any) -> str:
        try:
            return str(self._ray.get(handle, timeout=_LONGEST_CHECK))
        except Exception as error:  # noqa: BLE001  (a lost node, a killed worker: each has a class of its own)
            return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"

    def close(self) -> None:
        """Ray ends the tasks of a program that leaves."""
        self._ray.shutdown()


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def open_engine(address: str) -> RayEngine:
    """`address` is that of the head node: `HOST:6379` from a machine of the cluster, or that of Ray Client, `HOST:10001`."""
    ray = _import_ray()
    plain, client = address or "auto", f"ray://{address}"
    # Both are only numbers of ports; one of Ray Client's is seldom another one.
    tries = [client, plain] if address.endswith(_CLIENT_PORT) else [plain, client]
    reasons = [reason for reason in _attempts(ray, tries) if reason]
    if len(reasons) == len(tries):
        raise Unusable(
            f"Ray {ray.__version__} did not connect to {address}: {reasons[0]}",
            "Name the head node: HOST:6379 from a machine of the cluster, or HOST:10001 for Ray Client, which needs 'ray[client]'.",
        )
    return RayEngine(ray)


def _attempts(ray: Any, addresses: list[str]) -> Iterator[str]:
    """Why each address did not do; empty, and the last, for the one that did."""
    for address in addresses:
        try:
            ray.init(address=address, logging_level="ERROR", log_to_driver=False)
        except Exception as error:  # noqa: BLE001  (each way to fail has a class of its own)
            yield str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        else:
            yield ""
            return
