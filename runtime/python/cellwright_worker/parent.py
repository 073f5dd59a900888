"""The warm parent of a run: imports what the notebook imports, then forks a child for every attempt at a task.

Started as `python worker.py` with one line of JSON on its standard input:
{"socket", "token", "store", "prelude": [names], "cwd", "journal", "hidden", "cells": [[execution count, source, digest]]}.
It never runs the notebook's code itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import random
import re
import signal
import sys
import traceback
from typing import Any


def _configure() -> dict[str, Any]:
    configuration: dict[str, Any] = json.loads(sys.stdin.readline())
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    os.chdir(configuration["cwd"])
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.dont_write_bytecode = True
    return configuration


def _warm_up() -> None:
    """Fill caches that every figure needs and that no result depends on."""
    if "matplotlib" not in sys.modules or "matplotlib.pyplot" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    figure.subplots().set_title("warm")
    canvas.print_png(io.BytesIO())
    if "pandas" in sys.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module("pandas.plotting._matplotlib")


_MAGIC = re.compile(r"^\s*%{1,2}(\w+)", re.MULTILINE)


def _load_magics(shell: Any, sources: list[str]) -> None:
    """Import the modules of the magics that cells use: IPython does so when a magic first runs, which would be in every child."""
    tables = shell.magics_manager.magics.values()
    for name in sorted({name for source in sources for name in _MAGIC.findall(source)}):
        for table in tables:
            spec = getattr(type(table.get(name)), "__name__", "") == "LazyMagic" and vars(table[name]).get("spec")
            if isinstance(spec, str):
                with contextlib.suppress(ImportError):
                    importlib.import_module(spec.partition(":")[0])
    if "matplotlib" in sys.modules and any("%matplotlib" in source for source in sources):
        with contextlib.suppress(ImportError):
            importlib.import_module("matplotlib_inline.backend_inline")


def _restart_without(configuration: dict[str, Any], noisy: list[str]) -> None:
    """Begin again without modules whose import shows something: that belongs to the cell that imports them."""
    configuration["noisy"] = [*configuration.get("noisy", []), *noisy]
    reader, writer = os.pipe()
    os.write(writer, json.dumps(configuration).encode() + b"\n")
    os.close(writer)
    os.dup2(reader, 0)
    os.execv(
        sys.executable,
        [sys.executable, *sys.orig_argv[1:]] if hasattr(sys, "orig_argv") else [sys.executable, *sys.argv],
    )


def main() -> None:
    """Serve fork requests until the scheduler goes."""
    configuration = _configure()
    from . import shell as shell_module
    from .channel import Channel, Disconnected
    from .prelude import import_prelude

    sys.path.insert(0, "")
    argv, sys.argv = sys.argv, ["ipykernel_launcher.py", "-f", "kernel.json"]
    shell = shell_module.start_shell()
    with shell.builtin_trap:  # libraries ask for get_ipython while they are imported
        done, noisy = import_prelude(configuration["prelude"], configuration.get("noisy", []))
    if noisy:
        sys.argv = argv
        _restart_without(configuration, noisy)
    for name in configuration["hidden"]:
        os.environ.pop(name, None)
    # Children use these; loaded here, their pages are shared.
    from . import attempt, figures, generators, interpreter, observe, orphans, sizes, slots, state  # noqa: F401
    from .codec import Codec
    from .journal import Journal
    from .objects import Store

    observer = observe.Observer([configuration["store"], configuration["socket"]], Journal(configuration["journal"]))
    observer.watch_calls(shell)
    sizes.install()
    generators.watch()
    figures.backend.watch()
    interpreter.prepare()
    codec = Codec(Store(configuration["store"]), shell.user_ns, "", lambda name: None)
    _warm_up()
    _load_magics(shell, [source for _, source, _ in configuration["cells"]])
    codec.refresh_singletons()
    sources = shell_module.register_sources(shell, [tuple(cell) for cell in configuration["cells"]])
    codec.registry.lists_subclasses = any("__subclasses__" in cell[1] for cell in configuration["cells"])
    hidden = set(shell.user_ns)
    known = slots.Slots()
    known.observe_new()
    state.shell_settings(shell)
    interpreter.remember_modules()
    channel = Channel(configuration["socket"])
    hello = {"type": "hello", "token": configuration["token"], "pid": os.getpid()}
    channel.send({**hello, "role": "parent", "python": sys.version.split()[0], "preloaded": done})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    seeds = {"random": random.getstate()}
    while True:
        try:
            message = channel.receive()
        except Disconnected:
            return
        if message["type"] == "exit":
            return
        if message["type"] != "fork" or os.fork() != 0:
            continue
        _child(configuration, channel, message["attempt"], hello, (shell, codec, observer, hidden, seeds, known, sources))


def _child(configuration: dict[str, Any], parent: Any, name: str, hello: dict[str, Any], parts: tuple[Any, ...]) -> None:
    """The life of a forked child; never returns to the parent's loop."""
    from . import attempt
    from .channel import Channel
    from .objects import StoreDamaged
    from .orphans import end_with

    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        end_with(hello["pid"])
        parent.close()
        channel = Channel(configuration["socket"])
        channel.send({**hello, "role": "attempt", "attempt": name, "pid": os.getpid()})
        shell, codec, observer, hidden, seeds, known, sources = parts
        noisy = configuration.get("noisy", [])
        observer.install()
        attempt.start(channel, shell, codec, observer, hidden, seeds, known, sources, noisy)
        status = 0
    except StoreDamaged as error:
        channel.send({"type": "damaged", "object": str(error)})
    except BaseException:  # noqa: BLE001  (told to the scheduler, whatever it was)
        with contextlib.suppress(Exception):
            channel.send({"type": "broken", "traceback": traceback.format_exc()})
    finally:
        os._exit(status)
