"""IPython as a Jupyter kernel runs it, with its messages handed to a callback instead of a socket.

The kernel's own shell class is used when ipykernel is installed, and it has a `kernel` attribute before any library is
imported: pandas and others decide by both how wide they print.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import contextlib
import contextvars
import hashlib
import io
import json
import linecache
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from time import monotonic
from typing import Any, Callable

from IPython.core import release
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell

from . import cellcode
from .cell_sources import CellSources
from .one_process import Togetherness
from .own_json import read_json
from .variables import TEMPORARY_FOLDER

Emit = Callable[[dict[str, Any]], None]

try:  # ipykernel is what a kernel's environment has; without it plain IPython serves.
    from ipykernel.jsonutil import encode_images, json_clean
    from ipykernel.zmqshell import ZMQInteractiveShell
    from jupyter_client.session import json_packer

    BaseShell: Any = ZMQInteractiveShell

    def as_sent(data: Any) -> Any:
        """A mime bundle or its metadata as it arrives after a kernel has sent it: bytes as base64, numbers and dates as JSON."""
        return read_json(json_packer(json_clean(encode_images(data))).decode("utf-8", "surrogateescape"))

except ImportError:  # pragma: no cover
    BaseShell = InteractiveShell

    def as_sent(data: Any) -> Any:
        """A mime bundle or its metadata as JSON."""
        return read_json(json.dumps(data, default=_plain))


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)


class Messages:
    """Where the outputs of this process go; set for each task."""

    def __init__(self) -> None:
        self.emit: Emit = lambda message: None
        self.streams: list[CapturedStream] = []

    def flush(self) -> None:
        """Send what the streams hold, so that the order of outputs is the order of events."""
        for stream in self.streams:
            stream.flush()

    @contextlib.contextmanager
    def sent_to(self, emit: Emit) -> Iterator[None]:
        """Let something else have what is shown meanwhile."""
        self.flush()
        before, self.emit = self.emit, emit
        try:
            yield
            self.flush()
        finally:
            self.emit = before

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Drop what is printed meanwhile: loading and storing a value runs its class's code, which is no part of the cell."""
        with self.sent_to(lambda message: None):
            yield

    def send(self, message: dict[str, Any]) -> None:
        """Send one output after everything printed before it."""
        self.flush()
        self.emit(message)


messages = Messages()
# A kernel's own.
_FLUSH_INTERVAL = 0.2


class CapturedStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a cell; what native code writes to the descriptor is picked up in order.

    As in a kernel each stream is sent some time after it was first written to, and at the end of the cell first the one and then the
    other.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        """`descriptor` is replaced by a temporary file when `capture` is called."""
        super().__init__()
        self.name = name
        self._stream = name
        self._descriptor = descriptor
        self._elsewhere = os.dup(1)
        self._file: int | None = None
        self._owner = 0
        self._seen = 0
        self._parts: list[str] = []
        self._size = 0
        self._due = 0.0
        # False for a stream that was not in its place when the cell began: a kernel sends what is written to it as an earlier cell's.
        self.answers = True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Always UTF-8, as in a kernel."""
        return "UTF-8"

    @property
    def errors(self) -> None:  # type: ignore[override]
        """As in a kernel."""
        return None

    def capture(self) -> None:
        """Point the descriptor at a file of this process."""
        handle, path = tempfile.mkstemp(prefix="cellwright-", dir=TEMPORARY_FOLDER)
        os.unlink(path)
        os.dup2(handle, self._descriptor)
        self._file = handle
        self._owner = os.getpid()
        self._seen = 0

    def _native(self) -> None:
        if self._file is None or self._owner != os.getpid():
            return
        size = os.fstat(self._file).st_size
        if size > self._seen:
            data = os.pread(self._file, size - self._seen, self._seen)
            self._seen = size
            self._parts.append(data.decode("utf-8", "replace"))

    def write(self, text: str) -> int:
        """Hold text until a flush, or until there is much of it."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._native()
        if text:
            now = monotonic()
            for other in sorted(messages.streams, key=lambda stream: stream._due):
                if other._parts and other._due <= now:
                    other.flush()
            if not self._parts:
                self._due = now + _FLUSH_INTERVAL
            self._parts.append(text)
            self._size += len(text)
            if self._size > 1 << 16:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what was printed."""
        self._native()
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self._size = 0
            if self._file is not None and self._owner != os.getpid():
                # A child that the cell forked: what it prints goes where native output goes, and the cell's process sends it.
                os.write(self._descriptor, text.encode("utf-8", "replace"))
                return
            if self.answers:
                messages.emit({"kind": "stream", "name": self._stream, "text": text})

    def isatty(self) -> bool:
        """A cell's output is no terminal."""
        return False

    def writable(self) -> bool:
        """Text can be written."""
        return True

    def fileno(self) -> int:
        """A descriptor for code that hands it to a subprocess; as in a kernel, what is written there is no output of the cell."""
        return self._elsewhere


CapturedStream.__name__ = CapturedStream.__qualname__ = "OutStream"
CapturedStream.__module__ = "ipykernel.iostream"


class TaskDisplayPublisher(DisplayPublisher):
    """`display()` and `clear_output()`."""

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: Any = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **keywords: Any,
    ) -> None:
        """Send display data, or an update of an earlier one."""
        message = {
            "kind": "update-display" if update else "display",
            "data": as_sent(data),
            "metadata": as_sent(metadata or {}),
        }
        identifier = (transient or {}).get("display_id")
        if identifier is not None:
            message["displayId"] = identifier
        messages.send(message)

    def clear_output(self, wait: bool = False) -> None:
        """Send the request to drop the outputs so far."""
        messages.send({"kind": "clear", "wait": bool(wait)})

    def set_parent(self, parent: Any) -> None:
        """Kernels tell the publisher which request it answers; there is none here."""


class TaskDisplayHook(DisplayHook):
    """The value of a cell's last expression."""

    _data: dict[str, Any]
    _metadata: dict[str, Any]
    msg: dict[str, Any] | None = None

    def start_displayhook(self) -> None:
        """Begin one result; `msg` tells the shell that a traceback now comes from a formatter."""
        self._data, self._metadata = {}, {}
        self.msg = {}

    def write_output_prompt(self) -> None:
        """The prompt is the execution count, which the notebook's writer knows."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep what the formatters gave."""
        self._data = as_sent(format_dict)
        self._metadata = as_sent(md_dict or {})

    def finish_displayhook(self) -> None:
        """Send the result."""
        self.msg = None
        if self._data:
            messages.send({"kind": "result", "data": self._data, "metadata": self._metadata})

    def set_parent(self, parent: Any) -> None:
        """See the publisher."""


class TaskShell(BaseShell):  # type: ignore[misc]
    """The shell of the warm parent and of every task forked from it."""

    def init_display_pub(self) -> None:
        """Use the publisher above."""
        self.display_pub = TaskDisplayPublisher(parent=self, shell=self)

    def init_displayhook(self) -> None:
        """Use the hook above."""
        self.displayhook = TaskDisplayHook(parent=self, shell=self, cache_size=self.cache_size)
        self.configurables.append(self.displayhook)
        from IPython.core.display_trap import DisplayTrap

        self.display_trap = DisplayTrap(hook=self.displayhook)

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        """The exception, without the frames of this program that it came through."""
        kind, value, trace = super()._get_exc_info(exc_tuple)
        return kind, value, _without_own_frames(value, trace)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        if self.displayhook.msg is not None:
            self._last_traceback_during_displayhook = True
        messages.send(
            {
                "kind": "error",
                "ename": str(etype.__name__),
                "evalue": str(evalue),
                "traceback": list(stb),
            }
        )
        self._last_traceback = stb

    def _ofind(self, oname: str, namespaces: Any = None) -> Any:
        """What `?` and its like look at: a variable that is not here yet is asked for as a cell asks for it."""
        name = oname.strip().partition(".")[0].partition("[")[0]
        if name.isidentifier() and name not in self.user_ns:
            with contextlib.suppress(KeyError):
                self.user_ns["__builtins__"][name]
        return super()._ofind(oname, namespaces)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop of a window system."""

    def init_virtualenv(self) -> None:
        """The interpreter is the kernel's own already."""

    def init_history(self) -> None:
        """History goes nowhere: tasks would write it side by side."""
        from IPython.core.history import HistoryManager

        self.config.HistoryManager.enabled = False
        self.config.HistoryManager.hist_file = ":memory:"
        self.history_manager = HistoryManager(shell=self, parent=self)
        self.configurables.append(self.history_manager)


_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _without_own_frames(error: Any, trace: Any) -> Any:
    """The traceback less the functions that watch a magic or a file on its way to the real one."""
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            if place.tb_next.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
                place.tb_next = place.tb_next.tb_next
            else:
                place = place.tb_next
        error = error.__cause__ or error.__context__
    return trace


# Libraries ask for the name of the shell's class to know that they are in a notebook.
TaskShell.__name__ = TaskShell.__qualname__ = "ZMQInteractiveShell"
TaskShell.__module__ = "ipykernel.zmqshell"


class StandInKernel:
    """What libraries look for to know that they run under Jupyter."""

    implementation = "ipython"

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.implementation_version = release.version
        self.banner = shell.banner
        self.session = None
        self.comm_manager = None
        self.eventloop = None
        self._allow_stdin = False

    def _input_forbidden(self, prompt: str = "", **keywords: Any) -> str:
        raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")

    def _getpass_forbidden(self, prompt: str = "", stream: Any = None, **keywords: Any) -> str:
        raise StdinNotImplementedError("getpass was called, but this frontend does not support input requests.")


def start_shell() -> Any:
    """Make the process's one shell, as ipykernel configures it."""
    sys.stdout = CapturedStream("stdout", 1)
    sys.stderr = CapturedStream("stderr", 2)
    messages.streams = [sys.stdout, sys.stderr]
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    TaskShell._instance = None
    shell = TaskShell.instance(config=config, parent=None, **_compiler())
    shell.extension_manager.load_extension("storemagic")  # as every kernel does
    kernel = StandInKernel(shell)
    shell.kernel = kernel
    import getpass

    read, read_secretly = _forbidden()
    builtins.input = types.MethodType(read, kernel)  # as a kernel that may not ask
    getpass.getpass = types.MethodType(read_secretly, kernel)
    return shell


def _forbidden() -> tuple[Any, Any]:
    """A kernel's own functions for input, so that the traceback is the same."""
    try:
        from ipykernel.kernelbase import Kernel
    except ImportError:
        return StandInKernel._input_forbidden, StandInKernel._getpass_forbidden
    return Kernel.raw_input, Kernel.getpass


def _compiler() -> dict[str, Any]:
    """The kernel's compiler, which names cells as files; here with the same name in every process and run."""
    try:
        import ipykernel.compiler
    except ImportError:
        return {}
    ipykernel.compiler.get_tmp_directory = lambda: os.path.join(TEMPORARY_FOLDER, "ipykernel_1")
    return {"compiler_class": ipykernel.compiler.XCachingCompiler}


def register_sources(shell: Any, cells: list[tuple[int, str, str]]) -> CellSources:
    """Make every cell's text known to tracebacks and warnings that pass through its functions.

    `cells` are execution count, source and the digest of their code. Equal cells have one name; the first keeps it until a later one runs.
    """
    sources = linecache.cache = CellSources(linecache.cache)
    texts: list[str] = []
    for number, source, digest in reversed(cells):
        try:
            transformed = shell.transform_cell(source)
        except SyntaxError:
            continue
        texts.append(transformed)
        name = shell.compile.cache(transformed, number, raw_code=source)
        cellcode.cells.register(name, digest, source, transformed)
        sources.digests[name] = "sha256:" + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    sources.together = Togetherness(texts)
    return sources


async def execute(shell: Any, source: str) -> bool:
    """Run one cell inside a running event loop, as a kernel does; True when it did not raise."""
    failure = None
    for stream in messages.streams:
        stream.answers = stream in (sys.stdout, sys.stderr)
    try:
        transformed = shell.transform_cell(source)
    except Exception:  # noqa: BLE001  (IPython reports it when the cell runs)
        transformed = source
        failure = sys.exc_info()
    if shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=failure):
        result = None
        try:
            result = await shell.run_cell_async(
                source,
                store_history=True,
                silent=False,
                transformed_cell=transformed,
                preprocessing_exc_tuple=failure,
            )
        finally:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
    else:
        result = shell.run_cell(source, store_history=True, silent=False)
    messages.flush()
    return bool(result.success) and not getattr(shell, "_last_traceback_during_displayhook", False)


def run_cell(
    shell: Any,
    loop: asyncio.AbstractEventLoop,
    context: contextvars.Context,
    source: str,
    started: Callable[[asyncio.Task[Any]], None],
) -> bool:
    """Run one cell to its end, in `context` where Python can (3.11); True when it did not raise. `started` gets what runs it."""
    if sys.version_info >= (3, 11):
        task = loop.create_task(execute(shell, source), context=context)
        started(task)
        return loop.run_until_complete(task)

    async def run() -> tuple[bool, contextvars.Context]:
        return await execute(shell, source), contextvars.copy_context()

    earlier = loop.create_task(run())
    started(earlier)
    ok, after = loop.run_until_complete(earlier)
    _keep(after)
    return ok


def _keep(context: contextvars.Context) -> None:
    """Context variables that a cell sets last, as in a kernel; an asyncio task has a copy of its own."""
    missing = object()
    for variable, value in context.items():
        if variable.get(missing) is not value:
            variable.set(value)
