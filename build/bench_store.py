"""How fast a store behind S3 takes and gives large objects, beside the server's own client (boto3), s3fs and obstore.

    AWS_ENDPOINT_URL=… AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… python build/bench_store.py s3://bucket/prefix [MEGABYTES…]

Needs s3fs; boto3 and obstore where they are installed. Each way is tried in turn, so that what else the machine does falls on all; the best of
several tries is printed, with the processor time of this process.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import resource
import sys
import tempfile
import time
import uuid
from typing import Any, Callable

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "runtime", "python"))

from cellwright_store.address import AddressStore
from cellwright_store.store import key_of

Way = tuple[str, Callable[[str, str], Any], Callable[[str, str], Any]]
TRIES = int(os.environ.get("TRIES", "3"))


def ours(url: str) -> Way:
    store = AddressStore(url)

    def get(key: str, path: str) -> None:
        store.get_file(key, path)
        with open(path, "rb") as file:
            hashlib.file_digest(file, "sha256")  # As who asks for a file does.

    return "cellwright (parts, verified)", store.put_file, get


def plain_s3fs(url: str) -> Way:
    import s3fs

    files, root = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False), url.partition("://")[2]
    return "s3fs", lambda key, path: files.put_file(path, f"{root}/{key}"), lambda key, path: files.get_file(f"{root}/{key}", path)


def boto(url: str) -> Way:
    import boto3

    bucket, _, prefix = url.partition("://")[2].partition("/")
    client = boto3.client("s3")
    return (
        "boto3",
        lambda key, path: client.upload_file(path, bucket, f"{prefix}/{key}"),
        lambda key, path: client.download_file(bucket, f"{prefix}/{key}", path),
    )


def obstore_way(url: str) -> Way:
    import obstore
    from obstore.store import S3Store

    bucket, _, prefix = url.partition("://")[2].partition("/")
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    store = S3Store(bucket, prefix=prefix, endpoint=endpoint or None, client_options={"allow_http": True}, virtual_hosted_style_request=False)

    def get(key: str, path: str) -> None:
        with open(path, "wb") as file:
            for chunk in obstore.get(store, key).stream(min_chunk_size=8 << 20):
                file.write(chunk)

    def put(key: str, path: str) -> None:
        with open(path, "rb") as file:
            obstore.put(store, key, file)

    return "obstore", put, get


def measure(action: Callable[[str, str], Any], key: str, path: str) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    action(key, path)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(url: str, sizes: list[int]) -> None:
    ways = [ours(url), plain_s3fs(url)]
    ways += [make(url) for name, make in (("boto3", boto), ("obstore", obstore_way)) if importlib.util.find_spec(name)]
    for megabytes in sizes:
        results: dict[tuple[str, str], list[tuple[float, float]]] = {}
        failed: set[str] = set()
        for _ in range(TRIES):
            for name, put, get in (way for way in ways if way[0] not in failed):
                with tempfile.TemporaryDirectory() as folder:
                    source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
                    block = os.urandom(1 << 20)
                    with open(source, "wb") as file:
                        for number in range(megabytes):
                            file.write(number.to_bytes(8, "big") + block[8:])
                    key = key_of("files", "sha256:" + uuid.uuid4().hex * 2)
                    try:
                        tries = [measure(put, key, source), measure(get, key, target)]
                    except Exception as error:  # A client that fails is told of, and the others go on.
                        print(f"{megabytes:5} MB  {name} failed: {type(error).__name__}: {error}", flush=True)
                        failed.add(name)
                        continue
                    for what, one_try in zip(("put", "get"), tries):
                        results.setdefault((name, what), []).append(one_try)
                    with open(source, "rb") as one, open(target, "rb") as other:
                        assert hashlib.file_digest(one, "sha256").digest() == hashlib.file_digest(other, "sha256").digest()
        for (name, what), tries in results.items():
            wall, used = min(one for one, _ in tries), min(one for _, one in tries)
            print(f"{megabytes:5} MB  {what}  {name:30} {megabytes / wall:7.0f} MB/s  {used:6.2f} s of processor time", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], [int(word) for word in sys.argv[2:]] or [100, 1000])
