"""Watches what a cell does to the world outside its process: files, subprocesses, the network.

An audit hook sees what CPython itself opens and starts. Effects ask for permission first and block until it is given. What
native code does without CPython (readers of Parquet files, databases) is seen by `native_files.py`.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, Callable

from . import open_files, variables
from .asked_by import importing, needs_new, wants_names
from .closed_commands import variables_of
from .file_names import absolute, is_text, shown
from .journal import Journal, only_reads
from .marks import REAL_READLINK, mark
from .native_code import EVENTS
from .native_files import NativeFiles
from .own_files import OwnFiles
from .questions import replace, searches_distributions, watch_questions
from .reached import reached
from .web import WebRequests
from .whence import library_folders

Permit = Callable[[str, str], None]

_WRITES = {
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime",
    "shutil.copyfile", "shutil.copytree", "shutil.move", "shutil.rmtree", "shutil.unpack_archive", "shutil.make_archive",
}  # fmt: skip
_OF_TWO_PATHS = {"os.rename", "os.link", "shutil.move"}
# The first of two paths is only read, or no more than the text of a link.
_TO_SECOND = {"os.symlink", "shutil.copyfile", "shutil.copytree"}
# What is done to a link and not to what it points to.
_OF_LINKS = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "shutil.move", "shutil.rmtree"}
# What decides whether they can be done, and what comes of it: a path is there or not; what is in a file.
_NEED_PLACE = {"os.remove", "os.rmdir", "os.symlink", "os.link", "shutil.rmtree"}
_NEED_CONTENT = {"os.rename", "os.truncate", "shutil.move", "shutil.unpack_archive", "os.link"}
# What a digest of a file's content does not show.
_ATTRIBUTES = {"os.chmod", "os.chown", "os.utime"}
_SUBPROCESSES = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
}
_NETWORK = {"socket.connect", "socket.getaddrinfo", "urllib.Request", "ftplib.connect", "smtplib.connect", "http.client.send"}
_SENDING = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")
_LISTINGS = {"os.listdir", "os.scandir"}


def _is_of_tempfile() -> bool:
    """True for a new name made from chance: nothing was there before."""
    frame = sys._getframe(3)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame.f_code.co_filename == tempfile.__file__


def _below(folder: Any, path: Any) -> Any:
    """A path that is relative to an open folder, in full."""
    if not isinstance(folder, int) or folder < 0 or not isinstance(path, (str, bytes, os.PathLike)):
        return path
    with contextlib.suppress(OSError):
        return os.path.join(REAL_READLINK(f"/proc/self/fd/{folder}"), os.fsdecode(path))
    return path


class Observer:
    """The audit hook of this process; active only while a cell runs."""

    def __init__(self, private: list[str], journal: Journal) -> None:
        """`private` are folders of this program, whose files are nobody's business; the last is that of the run's sockets."""
        # The text of a `!` command that runs; what it is with the values of variables in it, only its own thread knows.
        self._command = ""
        self.active = False
        self._mine = threading.local()
        self.permitted = False
        # True: each effect is asked for, not only the first. Those that were allowed are in `_allowed`.
        self.asks_each = False
        self._allowed: set[tuple[str, str]] = set()
        self.permit: Permit = lambda reason, detail: None
        self.before_fork: Callable[[], None] = lambda: None
        # Told of questions while no cell runs.
        self.asked_before: Callable[[Any, str], None] = lambda path, kind: None
        self._reads: dict[tuple[str, str], str] = {}
        self.written: set[str] = set()
        # Folders that were not there before the task made them.
        self._made: set[str] = set()
        self._ever_written: set[str] = set()
        # Files that were open for writing when the last task ended.
        self._left_open: set[str] = set()
        # True when the notebook watches the interpreter as well.
        self.is_watched = False
        self.outside: set[str] = set()
        self.web = WebRequests()
        self.native = NativeFiles()
        self.native.effect = self._native_effect
        self.serve(private, journal)

    def serve(self, private: list[str], journal: Journal) -> None:
        """Be the observer of a run's processes."""
        self._journal = journal
        home = os.path.expanduser("~")
        # What the kernel of the system tells of now, and what this program and the shell keep for themselves.
        roots = {"/proc", "/sys", "/dev", *private, os.path.dirname(os.path.abspath(__file__)), *library_folders()}
        roots.add(os.path.join(variables.TEMPORARY_FOLDER, "ipykernel_1"))
        roots.update(os.path.join(home, name) for name in (".ipython", ".jupyter", os.path.join(".local", "share", "jupyter")))
        named = [root for root in roots if root and os.path.isabs(root)]
        folders = tuple({path(root.rstrip(os.sep)) + os.sep for root in named for path in (os.path.realpath, os.path.normpath)})
        # Where %store keeps variables, and files in shared memory.
        shared = (os.path.join(os.path.realpath(os.path.join(home, ".ipython")), "profile_default", "db") + os.sep, "/dev/shm/")
        self._own_files = OwnFiles(folders, shared)
        self.native.own = OwnFiles((*folders, os.path.realpath(journal.folder) + os.sep), shared)
        self.native.place = (private[-1], journal.folder)

    def install(self) -> None:
        """Watch from now on; an audit hook cannot be taken away."""
        variables.watch.is_watching = lambda: self.is_watching
        self.native.install()
        sys.addaudithook(self._hook)

    def watch_calls(self, shell: Any) -> None:
        """Know of what the interpreter does not tell: files that are looked at, and the text of `!` commands."""
        watch_questions(self._asked)
        replace("open", self._open(os.open))
        for name in ("system", "getoutput"):
            original = getattr(shell, name)
            setattr(shell, name, self._noting(original))
        shell.var_expand = self._expanding(shell.var_expand)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def run(command: str, *arguments: Any, **keywords: Any) -> Any:
            self._command = command
            try:
                return original(command, *arguments, **keywords)
            finally:
                self._command = self._mine.expanded = ""

        return run

    def _expanding(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def expand(command: str, depth: int = 0, *arguments: Any, **keywords: Any) -> Any:
            # The variables are those of the function so many calls up; this one, and the one above while a command runs, lie between.
            text = original(command, depth + (2 if self._command else 1), *arguments, **keywords)
            self._mine.expanded = str(text) if self._command else ""
            return text

        return expand

    def _only_says(self) -> bool:
        """True while a command runs that prints what follows from its text and the environment."""
        names = variables_of(getattr(self._mine, "expanded", ""))
        variables.watch.note(*(names or ()))
        return names is not None

    @property
    def is_watching(self) -> bool:
        """True while a cell runs and this thread is not at work for the worker itself."""
        return self.active and not getattr(self._mine, "aside", False)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """What this thread does meanwhile is no doing of the cell; what its other threads do is."""
        before, self._mine.aside = getattr(self._mine, "aside", False), True
        try:
            yield
        finally:
            self._mine.aside = before

    @contextlib.contextmanager
    def forbidding(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Tell, before it is done, what is done outside meanwhile; what is read is nobody's business."""
        before = self.active, self.permitted, self.permit, self.asks_each
        self.active, self.permitted, self.permit, self.asks_each = True, False, lambda reason, detail: tell(f"{reason}: {detail}"), False
        try:
            yield
        finally:
            self.active, self.permitted, self.permit, self.asks_each = before
            self._reads.clear()
            self.written.clear()
            self.outside.clear()

    def start(self, head: bool, lane: bool) -> None:
        """Begin a task, or go on with one that is many cells: a `lane`."""
        self._mine.aside = False
        if self.active:
            return
        variables.watch.begin()
        self._reads.clear()
        self.written.clear()
        self._made.clear()
        self.outside.clear()
        self.web.clear()
        self.permitted = head
        self._allowed.clear()
        self.native.is_wanted = not lane
        self.native.begin(head, self.written)
        self.active = True

    def stop(self, goes_on: bool) -> None:
        """End a task. `goes_on`: only one of its cells, so what other threads do meanwhile still counts."""
        self.active = self._mine.aside = goes_on
        if goes_on:
            return
        self._take_native()
        self.native.end()
        told = open_files.writable()
        paths = told if told is not None else {self._absolute(file.name) or "" for file in self.open_writers()}
        now_open = {path for path in paths if not self._own_files.has(path)}
        if self._left_open or not now_open <= self.written:
            self.outside.add("open-file")
        self._left_open = now_open

    def reads(self) -> list[dict[str, str]]:
        """Every file looked at, with what it was when it was first looked at; the task's own files left out."""
        if self.active:
            self._take_native()
        return [{"path": path, "kind": kind, "signature": answer} for (path, kind), answer in sorted(self._reads.items())]

    def adopt(self, reads: list[dict[str, str]]) -> None:
        """Count what a copy of this process looked at as looked at here."""
        for read in reads:
            if read["path"] not in self.written:
                self._reads.setdefault((read["path"], read["kind"]), read["signature"])

    def _take_native(self) -> None:
        """Add what native code did until now."""
        found = self.native.report()
        for path, kind, answer in found.get("reads", ()):
            if kind == "listing" and path in self._made:
                path, kind, answer = path, "type", "missing"
            self._reads.setdefault((path, kind), answer)
        self.written.update(found.get("written", ()))
        if not all(is_text(path) for path in (*self.written, *(path for path, _ in self._reads))):
            self.outside.add("file-name")
        self.outside.update(found.get("effects", ()))
        if found.get("unseen") or self.native.is_unseen:
            self.outside.add("native-files")

    def _native_effect(self, reason: str, detail: str) -> None:
        with self.aside():
            self._effect(reason, detail)

    def open_writers(self) -> list[Any]:
        """Files that this process opened for writing and not closed: what they hold back is written when they go."""
        if not self._ever_written:
            return []
        # By their exact types: asking an unknown object for its class may run code of its own.
        writers = [item for item in gc.get_objects() if type(item) in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)]
        return [item for item in writers if self._is_open_writer(item)]

    def flush_writers(self) -> None:
        """Write what they hold back."""
        for file in self.open_writers():
            with contextlib.suppress(OSError, ValueError):
                file.flush()

    def _is_open_writer(self, file: Any) -> bool:
        if file.closed or not file.writable():
            return False
        name = getattr(file, "name", None)
        return not isinstance(name, int) and self._absolute(name) in self._ever_written

    def _absolute(self, path: Any) -> str | None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)):
            return None
        text = absolute(os.fspath(path))  # type: ignore[arg-type]
        if self._own_files.has(text):
            return None
        if self.active and not is_text(text):
            self._effect("file-name", shown(text))
        return text

    def _note(self, path: str, kind: str) -> None:
        if kind in ("listing", "entries", "distributions") and path in self._made:
            # It lists what it does because the folder was new.
            self._reads.setdefault((path, "type"), "missing")
        key = (path, kind)
        if key not in self._reads and path not in self.written:
            self._reads[key] = mark(path, kind)

    def _asked(self, path: Any, kind: str, folder: Any) -> None:
        reached.looked_at(_below(folder, path), kind)
        if not self.active:
            self.asked_before(path, kind)
            return
        if self.native.is_on:
            self._count(_below(folder, path), self.native.python_asks)
        if self.is_watching:
            with self.aside():
                text = self._absolute(_below(folder, path))
                if text is not None:
                    self._note(text, kind)

    def _open(self, original: Callable[..., int]) -> Callable[..., int]:
        """The audit event of `os.open` does not tell of the folder that a path is relative to."""

        @functools.wraps(original)
        def opened(path: Any, *arguments: Any, dir_fd: int | None = None, **keywords: Any) -> int:
            self._mine.folder = dir_fd
            try:
                return original(path, *arguments, dir_fd=dir_fd, **keywords)
            finally:
                self._mine.folder = None

        return opened

    def _effect(self, reason: str, detail: str) -> None:
        self.outside.add(reason)
        if not self.must_ask(reason, detail):
            return
        self.permit(reason, detail)
        self._allowed.add((reason, detail))
        if not self.permitted:
            self.permitted = True
            self.native.permitted()

    def must_ask(self, reason: str, detail: str) -> bool:
        """True for an effect that nobody has allowed."""
        return not self.permitted or (self.asks_each and (reason, detail) not in self._allowed)

    def _count(self, path: Any, told: Callable[[str], None]) -> None:
        with self.aside():
            text = self._absolute(path)
            if text is not None:
                told(text)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _OPENING and self.active and self.native.is_on:
            path = arguments[0] if event == "open" or arguments[0] is not None else "."
            self._count(_below(getattr(self._mine, "folder", None), path) if event == "open" else path, self.native.python_opens)
        elif event in EVENTS and (event == "import" or self.is_watching) and self.native.comes(event, arguments) and self.active:
            with self.aside():
                self.native.begin(self.permitted, self.written)
        if event not in _HANDLED or not self.is_watching:
            return
        with self.aside():
            self._handle(event, arguments)

    def _handle(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opened(*arguments[:3])
        elif event == "sys.addaudithook":
            self.is_watched = True
        elif event == "sqlite3.connect":
            path = self._absolute(arguments[0]) if arguments[0] not in (":memory:", b":memory:", "") else None
            if path is not None:
                self._note(path, "content")
                self._effect("file-write", path)
                self._journal.about_to_change(path)
                self.written.add(path)
        elif event in _WRITES:
            paths = self._changed(event, arguments)
            if event == "os.mkdir" and paths and os.path.isdir(paths[0]):
                self._note(paths[0], "type")
                return
            if event == "os.mkdir":
                self._made.update(path for path in paths if (path, "type") not in self._reads and path not in self.written)
            if paths:
                self._note_before(event, paths)
                self._effect("file-attributes" if event in _ATTRIBUTES else "file-write", paths[0])
                for path in paths:
                    self._journal.about_to_change(path, itself=event in _OF_LINKS)
                self.written.update(paths)
        elif event == "import":
            self._looked_for(arguments[0])
        elif event == "os.chdir":
            path = self._absolute(arguments[0])
            if path is not None:
                self._note(path, "type")
                self._note(path, "link")
        elif event in _LISTINGS and not importing():
            asked = arguments[0] if arguments and arguments[0] is not None else "."
            path = self._absolute(_below(asked, "") if isinstance(asked, int) else asked)
            if path is not None:
                names = "distributions" if searches_distributions(sys._getframe(2).f_code) else "listing"
                self._note(path, "entries" if event == "os.scandir" and not wants_names() else names)
        elif event in _SUBPROCESSES:
            command = self._command or _command_of(event, arguments)
            if event != "os.fork":
                self.native.python_starts(command)
            if self._only_says() or (not self._command and _is_probe(command)):
                return
            self._effect("subprocess", event)
            if event == "os.fork":
                self.native.about_to_fork()
                self.before_fork()
            elif not _is_pool(command) and (not command or not only_reads(command)):
                self._journal.lasting(f"started {command[:200] or 'a process'}")
        elif event in _NETWORK:
            self._contacted(event, arguments)

    def _note_before(self, event: str, paths: list[str]) -> None:
        """What the outcome of a change depends on: to remove what is not there, or to make what is there, raises."""
        if event in _NEED_CONTENT:
            self._note(paths[0], "content")
        if event in _NEED_PLACE or (event == "os.mkdir" and needs_new()):
            self._note(paths[-1], "link")
        if event in ("shutil.move", "shutil.rmtree"):
            self._note(paths[-1], "type" if event == "shutil.move" else "listing")

    def _changed(self, event: str, arguments: tuple[Any, ...]) -> list[str]:
        """The paths that an event changes; some are relative to an open folder, whose descriptor comes last."""
        names = arguments[:2] if event in _OF_TWO_PATHS else arguments[1:2] if event in _TO_SECOND else arguments[:1]
        folders = arguments[2:4] if event in ("os.rename", "os.link") else arguments[-1:] * 2
        found = []
        for name, folder in zip(names, folders):
            if isinstance(folder, int) and folder >= 0 and event.startswith("os.") and event != "os.truncate":
                name = _below(folder, name)
            found.append(self._absolute(name))
        return [path for path in found if path is not None]

    def _looked_for(self, name: Any) -> None:
        """A module that is not loaded yet: whether the notebook's own folders have it is something that was read."""
        if not isinstance(name, str):
            return
        parent, _, last = name.rpartition(".")
        folders = getattr(sys.modules.get(parent), "__path__", ()) if parent else sys.path
        for folder in list(folders):
            place = self._absolute(folder or ".")
            if place is not None:
                self._note(os.path.join(place, last), "type")
                self._note(os.path.join(place, last + ".py"), "type")

    def _contacted(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], (str, bytes)):
            return
        self._effect("network", event)
        self.web.note(event, arguments)
        sent = arguments[1] if event == "http.client.send" else b""
        if event == "smtplib.connect" or (isinstance(sent, bytes) and sent.startswith(_SENDING)):
            self._journal.lasting(f"sent data over the network ({event})")

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        text = self._absolute(_below(getattr(self._mine, "folder", None), path))
        if text is None:
            return
        writing = isinstance(flags, int) and (flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
        if isinstance(mode, str):
            writing = any(letter in mode for letter in "wax+")
        if os.sep + "__pycache__" + os.sep in text:
            return
        if mark(text, "type") == "other":
            self._effect("special-file", text)
            self._journal.lasting(f"used {shown(text)}, which is a pipe or a device")
        elif writing:
            if "w" not in mode if isinstance(mode, str) else not flags & os.O_TRUNC and not _is_of_tempfile():
                self._note(text, "content")
            self._effect("file-write", text)
            self._journal.about_to_change(text)
            self.written.add(text)
            self._ever_written.add(text)
        else:
            self._note(text, "content")


def _command_of(event: str, arguments: tuple[Any, ...]) -> str:
    """The command line of a process that is about to start, as far as the interpreter says."""
    place = {"subprocess.Popen": 1, "os.system": 0, "os.exec": 1, "os.posix_spawn": 1, "os.spawn": 2}.get(event, len(arguments))
    said = arguments[place] if place < len(arguments) else ""
    if isinstance(said, bytes):
        return os.fsdecode(said)
    if isinstance(said, str):
        return said
    if isinstance(said, (list, tuple)):
        words = [os.fsdecode(word) if isinstance(word, (bytes, str, os.PathLike)) else str(word) for word in said]
        return words[2] if len(words) == 3 and words[1] == "-c" and os.path.basename(words[0]) in ("sh", "bash") else " ".join(words)
    return ""


def _is_probe(command: str) -> bool:
    """True for programs that libraries start on their own to learn about the machine."""
    words = command.split()
    return bool(words) and os.path.basename(words[0]) in ("lscpu", "fc-list", "uname", "ldconfig", "sysctl", "nvidia-smi")


def _is_pool(command: str) -> bool:
    """True for workers of a process pool: what they do is seen by their own copy of the hook, or is computation only."""
    return any(name in command for name in ("joblib.externals.loky", "multiprocessing.", "resource_tracker"))


_OPENING = frozenset({"open", "os.listdir", "os.scandir"})
_HANDLED = {"open", "import", "os.chdir", "sys.addaudithook", "sqlite3.connect", *_WRITES, *_SUBPROCESSES, *_NETWORK, *_LISTINGS}
