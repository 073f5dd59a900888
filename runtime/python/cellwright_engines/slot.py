"""Runs on a machine of the cluster, sent there by value: it must need nothing but the standard library.

The engine may use its own processes again and again; the host is a process of its own, and so is each task that it starts.
"""

from __future__ import annotations

from typing import Any


def keep_host(program: bytes, executable: str, host: dict[str, Any], node: str) -> str:
    """Start a host on this machine and wait for its end; gives what it complained of."""
    import hashlib
    import io
    import json
    import os
    import shutil
    import subprocess
    import tempfile
    import zipfile

    base = os.path.join(tempfile.gettempdir(), f"cellwright-{os.getuid()}")
    os.makedirs(base, mode=0o700, exist_ok=True)
    found = os.lstat(base)
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        return f"{base} is not this user's alone"
    place = os.path.join(base, "program-" + hashlib.sha256(program).hexdigest()[:16])
    if not os.path.isdir(place):
        temporary = tempfile.mkdtemp(dir=base)
        zipfile.ZipFile(io.BytesIO(program)).extractall(temporary)
        try:
            os.rename(temporary, place)
        except OSError:  # Another host of this machine was first.
            shutil.rmtree(temporary, ignore_errors=True)
    if not os.path.exists(executable):
        return f"there is no interpreter {executable}"
    try:
        process = subprocess.Popen(
            [executable, "-X", "utf8", os.path.join(place, "host.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env=host["parent"]["environment"],
            start_new_session=True,
        )
    except OSError as error:
        return str(error)
    assert process.stdin is not None and process.stderr is not None
    # It stays open: when this process is gone, however it ends, the host sees it.
    process.stdin.write(json.dumps({**host, "node": node}).encode() + b"\n")
    process.stdin.flush()
    said = process.stderr.read()[-2000:].decode("utf-8", "replace")
    status = process.wait()
    return said.strip() or ("" if status == 0 else f"the host ended with {status}")
