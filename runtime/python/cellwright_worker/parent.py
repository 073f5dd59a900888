"""The warm parents of a run: each has imported what the cells up to some place import, and forks children for attempts at tasks there.

Started as `python worker.py` with one line of JSON on its standard input:
{"socket", "token", "store", "cwd", "journal", "hidden", "start": "fork" or "spawn", "cells": [[execution count, source, digest]],
"mayStandBy": whether it may be asked to wait for the next run, "tellsGrounds": whether it says what its imports rest on,
"secrets": [name of an environment variable]}.
The first parent has imported nothing of the notebook's; the others are forked from it, or from each other. None runs the notebook's
code itself. A task must not see a module that only a later cell imports: it may register itself with another one, or be an attribute
of its package.
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
import select
import shutil
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grounds import Grounds
    from .standby import Doors


def _configure() -> dict[str, Any]:
    configuration: dict[str, Any] = json.loads(sys.stdin.readline())
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    os.chdir(configuration["cwd"])
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.dont_write_bytecode = True
    return configuration


def _private(configuration: dict[str, Any]) -> list[str]:
    """The folders of this program."""
    return [configuration["store"], os.path.dirname(configuration["socket"])]


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


def _import_hints(cells: list[Any]) -> tuple[bool, bool]:
    """What a warm parent does for cells besides imports: whether some ask for subclasses, and whether some set matplotlib up."""
    return tuple(any(word in cell[1] for cell in cells) for word in ("__subclasses__", "%matplotlib"))  # type: ignore[return-value]


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


class _Stage:
    """A warm parent: the modules that it has imported, and the baselines that its children compare with."""

    def __init__(self, configuration: dict[str, Any], shell: Any, codec: Any, observer: Any) -> None:
        from . import shell as shell_module
        from .entropy import Generators
        from .variables import watch

        self.configuration = configuration
        self.shell = shell
        self.codec = codec
        self.observer = observer
        cells = [tuple(cell) for cell in configuration["cells"]]
        self.sources = shell_module.register_sources(shell, cells)
        self.hidden = set(shell.user_ns)
        self.noisy: list[str] = configuration.get("noisy", [])
        # What this stage has imported, from the first one on.
        self.steps: list[dict[str, Any]] = []
        # False: children are new interpreters, which take the steps again.
        self.forks = True
        self._environ = dict(watch.start_values)
        self.known: Any = None
        self.seeds: Any = None
        self.channel: Any = None
        self.name = ""
        self.generators = Generators()
        # Only where a next run may come: its recorder cannot be taken away.
        self.grounds: Grounds | None = None
        # Stages that are being made: the end of a pipe, the request.
        self._coming: dict[int, dict[str, Any]] = {}

    def take_baselines(self) -> None:
        """Look at all that children compare with, after imports and before they are forked; their pages are shared then."""
        from . import figures, generators, interpreter, native_threads, slots
        from .module_generators import module_generators

        generators.watch()
        figures.backend.watch()
        _warm_up()
        _load_magics(self.shell, [cell[1] for cell in self.configuration["cells"]])
        self.codec.refresh_singletons()
        self.known = slots.Slots()
        self.known.observe_new()
        interpreter.remember_modules()
        module_generators.capture()
        gc.collect()
        if self.grounds is not None:
            self.generators.look_for_new()
            self.grounds.take()
        self.observer.native.look()
        gc.freeze()
        self.seeds = random.getstate()
        self.forks = self.configuration["start"] == "fork" and native_threads.may_fork()

    def advance(self, steps: list[dict[str, Any]]) -> str | None:
        """Import step by step; the name of a module that the next cell has to import itself ends it."""
        from . import prelude, state, variables
        from .codec import ValueRef

        if self.grounds is not None:
            self.grounds.resume()
        restore = {"state:environ": variables.watch.restore, "state:sys.path": state.restore_path}
        self.steps = [*self.steps, *steps]
        with self.shell.builtin_trap:  # libraries ask for get_ipython while they are imported
            for step in steps:
                for name, reference in step["state"].items():
                    group, _ = self.codec.load(ValueRef(**reference))
                    restore[name](group[reference["member"]])
                if not step["ahead"]:
                    prelude.import_again(step["imports"])
                    continue
                noisy = prelude.import_ahead(step["imports"], self.noisy)
                if noisy is not None:
                    return noisy
        return None

    def introduce(self, stage: str) -> None:
        """Tell the scheduler that children can be asked for."""
        from .channel import Channel

        self.name = stage
        self.channel = Channel(self.configuration["socket"])
        hello = {"type": "hello", "token": self.configuration["token"], "pid": os.getpid(), "role": "parent", "stage": stage}
        if self.configuration.get("tellsGrounds") and self.grounds is not None:
            hello["grounds"] = self.grounds.told()
        self.channel.send(hello)
        self.observer.native.stand_ready()

    def serve(self) -> None:
        """Fork what the scheduler asks for, until it goes."""
        from .channel import Disconnected

        try:
            while True:
                message = self._next()
                if message["type"] == "exit":
                    return
                if message["type"] == "fork":
                    self._start_child(message["attempt"])
                elif message["type"] == "stage":
                    self._grow(message)
                elif message["type"] == "stand-by" and not self._stand_by(message):
                    return
        except Disconnected:
            return

    def _next(self) -> dict[str, Any]:
        """The next message; meanwhile stages that turned out to show something are made again without that."""
        while not self.channel.has_message:
            ready, _, _ = select.select([self.channel, *self._coming], [], [])
            for end in ready:
                if end is not self.channel:
                    self._ended(end, self._coming.pop(end))
            if self.channel in ready:
                break
        message: dict[str, Any] = self.channel.receive()
        return message

    @property
    def may_wait(self) -> bool:
        """False where a second run would not be served as by a parent of its own."""
        return self.grounds is not None and self.forks and not self.generators.has_unknown

    def _stand_by(self, order: dict[str, Any]) -> bool:
        """Wait for the next run, and import meanwhile what it is going to need; False when there is nothing to wait for any more."""
        from .standby import Doors, silence

        if not self.may_wait:
            return False
        doors = Doors([order["door"], *(later["door"] for later in order["next"])], order["token"])
        self.channel.send({"type": "standing-by", "stage": self.name})
        self.forget_parent()
        silence()
        return self.rest(order, doors)

    def rest(self, order: dict[str, Any], doors: Doors) -> bool:
        """Wait behind the first of the doors; the others are for processes that have imported more."""
        later = list(order["next"])
        while later and not self._needs_process([later[0]["step"]]):
            doors.close_next()
            del later[0]
        parent = os.getpid()
        if later and os.fork() == 0:
            doors.leave_first()
            _next_at_rest(self, parent, {**order, "next": later}, doors)
        doors.leave_others()
        visit = doors.wait(order["seconds"])
        if visit is None and self.name == "":
            shutil.rmtree(os.path.dirname(order["door"]), ignore_errors=True)
        if visit is None or visit.message["type"] == "exit" or not self._suits(visit.message):
            return False
        visit.accept()
        visit.end()
        self._work_for(visit.message)
        return True

    def _suits(self, run: dict[str, Any]) -> bool:
        """True when what was imported is what this run would import."""
        from .variables import watch

        before, now = (_import_hints(given["cells"]) for given in (self.configuration, run))
        return before == now and self.grounds is not None and self.grounds.hold() and watch.change_terminal(run["terminal"])

    def _work_for(self, run: dict[str, Any]) -> None:
        """Serve another run."""
        from . import shell as shell_module
        from .journal import Journal
        from .seals import Seals

        self.configuration.update((name, run[name]) for name in ("socket", "token", "journal", "cells"))
        self.sources.forget(self.shell)
        self.sources = shell_module.register_sources(self.shell, [tuple(cell) for cell in run["cells"]])
        self.observer.serve(_private(self.configuration), Journal(run["journal"]))
        self.codec.seal_in(Seals.beside(run["socket"]))
        self.generators.renew(run["entropy"])
        self.seeds = random.getstate()
        self.introduce(self.name)

    def _start_child(self, attempt: str) -> None:
        parent = os.getpid()
        if not self.forks:
            self._spawn({"attempt": attempt, "parent": parent}, [])
        elif os.fork() == 0:
            _child(self, parent, attempt)

    def _spawn(self, role: dict[str, Any], descriptors: list[int]) -> None:
        """Start a new interpreter that takes all steps so far and then its role."""
        from subprocess import DEVNULL, PIPE, Popen

        command = [sys.executable, *_OWN_ARGUMENTS]
        child = Popen(command, stdin=PIPE, stdout=DEVNULL, pass_fds=descriptors, env=self._environ, close_fds=True)
        configuration = {**self.configuration, "mayStandBy": False, "noisy": self.noisy, "steps": self.steps, **role}
        assert child.stdin is not None
        with child.stdin as stream:
            stream.write(json.dumps(configuration).encode() + b"\n")
        child.returncode = 0  # Nobody waits for it.

    def forget_parent(self) -> None:
        """In a fork: what the parent talks with is not this process's. An interpreter of its own has nothing of the kind."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        for end in self._coming:
            os.close(end)
        self._coming = {}

    def _needs_process(self, steps: list[dict[str, Any]]) -> bool:
        """False when it is certain that taking these steps would change nothing."""
        from .prelude import would_load

        return any(step["state"] or would_load(step["imports"], step["ahead"]) for step in steps)

    def _grow(self, message: dict[str, Any]) -> None:
        if not self._needs_process(message["steps"]):
            self.channel.send({"type": "stage-same", "stage": message["stage"]})
            return
        reader, writer = os.pipe()
        parent = os.getpid()
        if not self.forks:
            self._spawn({"stage": message, "parent": parent, "writer": writer}, [writer])
        elif os.fork() == 0:
            os.close(reader)
            _next_stage(self, parent, message, writer)
        os.close(writer)
        self._coming[reader] = message

    def _ended(self, reader: int, message: dict[str, Any]) -> None:
        """A stage is there, or it has said which module it must not import, or it died."""
        said = os.read(reader, 1 << 16).decode()
        os.close(reader)
        if said == "":
            self.channel.send({"type": "stage-lost", "stage": message["stage"]})
        elif said != _READY:
            self.noisy.append(said)
            self._grow(message)


_READY = "ready"
# What this interpreter was started with, but for itself.
_OWN_ARGUMENTS = getattr(sys, "orig_argv", [sys.executable, "-X", "utf8", *sys.argv])[1:]


def _next_stage(stage: _Stage, parent: int, message: dict[str, Any], writer: int) -> None:
    """The life of a forked parent; never returns to the loop of the one that forked it."""
    from .orphans import end_with

    status = 1
    try:
        end_with(parent)
        stage.forget_parent()
        noisy = stage.advance(message["steps"])
        if noisy is None:
            stage.take_baselines()
            stage.introduce(message["stage"])
        os.write(writer, (_READY if noisy is None else noisy).encode())
        os.close(writer)
        if noisy is None:
            stage.serve()
        status = 0
    except BaseException:  # noqa: BLE001  (the scheduler shows it when no child can be had)
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)


def _next_at_rest(stage: _Stage, parent: int, order: dict[str, Any], doors: Doors) -> None:
    """The life of a parent that was forked while no run was going on; never returns to the loop of the one that forked it."""
    from .orphans import end_with

    try:
        end_with(parent)
        own = order["next"].pop(0)
        # One that shows something while it is imported is left to the run.
        if stage.advance([own["step"]]) is None:
            stage.take_baselines()
            stage.name = own["stage"]
            if stage.may_wait and stage.rest(order, doors):
                stage.serve()
    finally:
        # Whatever went wrong: the run will do without it.
        os._exit(0)


def _close_inherited() -> None:
    """Close what whoever started the program had left open, as Jupyter does for its kernels.

    A cell could write to it, so that no result could be reused.
    """
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # The listing's own, which is closed by now.
            # What this interpreter has opened itself is not inheritable.
            if int(name) > 2 and os.get_inheritable(int(name)):
                os.close(int(name))


def main() -> None:
    """Be the first of the parents."""
    from .kept_secrets import secrets
    from .variables import watch

    watch.install()
    configuration = _configure()
    if "steps" not in configuration:
        _close_inherited()
    secrets.take(configuration["secrets"], watch.start_values)
    grounds = None
    if configuration["mayStandBy"] or configuration.get("tellsGrounds"):
        from .grounds import Grounds

        grounds = Grounds(configuration["cwd"], _private(configuration))
        grounds.record()
        if configuration.get("tellsGrounds"):
            grounds.note_wanted()
    from . import shell as shell_module
    from .search_path import search_beside_the_notebook

    search_beside_the_notebook()
    sys.argv = ["ipykernel_launcher.py", "-f", "kernel.json"]
    shell = shell_module.start_shell()
    watch.hide(configuration["hidden"])
    # Children use these; loaded here, their pages are shared.
    from . import attempt, interpreter, native_code, observe, orphans, sizes, state  # noqa: F401
    from .codec import Codec
    from .journal import Journal
    from .objects import Store
    from .seals import Seals

    observer = observe.Observer(_private(configuration), Journal(configuration["journal"]))
    if grounds is not None:
        observer.asked_before = grounds.asked
    observer.watch_calls(shell)
    sizes.install()
    interpreter.prepare()
    native_code.watch_ctypes()
    codec = Codec(Store(configuration["store"], Seals.beside(configuration["socket"])), shell.user_ns, "", lambda name: None)
    codec.registry.lists_subclasses = _import_hints(configuration["cells"])[0]
    state.shell_settings(shell)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    stage = _Stage(configuration, shell, codec, observer)
    stage.grounds = grounds
    _live(stage)


def _live(stage: _Stage) -> None:
    """Be the first parent, or what another that must not fork started this interpreter for."""
    configuration = stage.configuration
    steps = configuration.pop("steps", [])
    if "stage" in configuration:
        stage.advance(steps)
        _next_stage(stage, configuration.pop("parent"), configuration.pop("stage"), configuration.pop("writer"))
    stage.advance(steps)
    stage.take_baselines()
    if "attempt" in configuration:
        _child(stage, configuration.pop("parent"), configuration.pop("attempt"))
    stage.introduce("")
    stage.serve()


def _child(stage: _Stage, parent: int, name: str) -> None:
    """The life of a forked child; never returns to the parent's loop."""
    from . import attempt
    from .channel import Channel
    from .objects import StoreDamaged
    from .orphans import adopt, end_with

    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        end_with(parent)
        adopt()
        stage.forget_parent()
        token, path = stage.configuration["token"], stage.configuration["socket"]
        channel = Channel(path)
        channel.send({"type": "hello", "token": token, "role": "attempt", "attempt": name, "pid": os.getpid()})
        stage.observer.install()
        attempt.start(channel, stage)
        status = 0
    except StoreDamaged as error:
        channel.send({"type": "damaged", "object": str(error)})
    except BaseException:  # noqa: BLE001  (told to the scheduler, whatever it was)
        with contextlib.suppress(Exception):
            channel.send({"type": "broken", "traceback": traceback.format_exc()})
    finally:
        os._exit(status)
