"""The same shapes as `bench-ray.mjs`, written by hand for Ray: `bench_ray.py ADDRESS TASKS VARIANTS SECONDS`; prints JSON."""

from __future__ import annotations

import json
import sys
import time

import ray

address, tasks, variants, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])


def nothing(number: int) -> int:
    return number


def spin(number: int) -> int:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return number


def timed(function, count: int) -> float:
    start = time.perf_counter()
    ray.get([function.remote(number) for number in range(count)])
    return time.perf_counter() - start


start = time.perf_counter()
ray.init(address=address, logging_level="ERROR", log_to_driver=False)
connected = time.perf_counter() - start
reused = ray.remote(num_cpus=1)(nothing)
fresh = ray.remote(num_cpus=1, max_calls=1)(nothing)
timed(reused, 2)
print(
    json.dumps(
        {
            "connect": connected,
            "reused": timed(reused, tasks),
            "fresh": timed(fresh, tasks // 4) * 4,
            "matrix": timed(ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(spin), variants),
        }
    )
)
