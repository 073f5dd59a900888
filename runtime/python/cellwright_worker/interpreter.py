"""Settings of the interpreter and the operating system that no other component hands on: who changes one keeps the process."""

from __future__ import annotations

import asyncio
import atexit
import codecs
import contextlib
import encodings
import faulthandler
import functools
import gc
import os
import re
import resource
import signal
import sys
import tempfile
import threading
import time
import tracemalloc
import types
from typing import Any, Callable

from .c_environment import beside_os_environ
from .component import Stuck, loaded
from .container_marks import ContainerMarks
from .media_types import added_types
from .mentions import notebook_text
from .open_files import LeftOpen
from .whence import installed

_LIMITS = sorted(number for name, number in vars(resource).items() if name.startswith("RLIMIT_"))
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
# Attributes of `sys` that components have, or that change by themselves.
_CHANGING = frozenset(
    {
        "last_type", "last_value", "last_traceback", "last_exc", "stdout", "stderr", "excepthook", "displayhook", "path", "modules",
        "path_importer_cache", "__getattr__", "getsizeof", "meta_path", "path_hooks",
    }
)  # fmt: skip


# What is not changed but added.
_ADDED = frozenset({"a function to run at exit", "a file that is open by its number"})


def is_own(thing: Any) -> bool:
    """True for what the notebook itself defined. Asks no attribute of an unknown object: a lazy magic would import its module."""
    if isinstance(thing, types.MethodType):
        return is_own(thing.__func__) or is_own(thing.__self__)
    if isinstance(thing, functools.partial):
        return is_own(thing.func)
    named = thing if isinstance(thing, (type, types.FunctionType)) else type(thing)
    return named.__module__ == "__main__"


class _AtExit:
    """Functions of the notebook that are to run when the process ends."""

    def __init__(self) -> None:
        self.functions: list[tuple[Any, Any, Any]] = []
        self._real: Any = atexit.register

    def install(self) -> None:
        """From now on the notebook's functions are known, which the interpreter does not tell."""
        real = self._real

        @functools.wraps(real)
        def register(func: Any, *arguments: Any, **keywords: Any) -> Any:
            if is_own(func):
                self.functions.append((func, arguments, keywords))
            return real(func, *arguments, **keywords)

        if atexit.register is real:
            atexit.register = register  # type: ignore[assignment]

    def run(self) -> None:
        """Call them, the newest first; what they raise nobody sees, as in a kernel that ends."""
        for function, arguments, keywords in reversed(self.functions):
            with contextlib.suppress(Exception):
                function(*arguments, **keywords)
        self.functions.clear()


at_exit = _AtExit()


def _registries() -> list[Any]:
    """The interpreter's tables of codecs and of error handlers, which no module shows."""
    found: list[Any] = [item for item in gc.get_referrers(encodings.search_function) if type(item) is list]
    handler = codecs.lookup_error("surrogatepass")
    return found + [item for item in gc.get_referrers(handler) if type(item) is dict and "xmlcharrefreplace" in item]


_tables: list[Any] = []


def prepare() -> None:
    """Once a warm parent, before its memory is frozen."""
    at_exit.install()
    _tables[:] = _registries()


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def _stack_size() -> int:
    now = threading.stack_size()  # Sets it to nothing, too.
    if now:
        threading.stack_size(now)
    return now


def _processors() -> Any:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _signals() -> list[Any]:
    return [signal.getsignal(number) for number in sorted(signal.valid_signals())]


def _csv() -> Any:
    module = loaded("csv")
    return (131072, []) if module is None else (module.field_size_limit(), sorted(set(module.list_dialects()) - _DIALECTS))


_DIALECTS = frozenset({"excel", "excel-tab", "unix"})


def _start_method() -> Any:
    context = loaded("multiprocessing.context")
    chosen = None if context is None else context._default_context._actual_context
    return None if chosen is None or chosen is context._default_context._default_context else chosen


def _joblib() -> Any:
    """What `parallel_config` chose; it counts from then on, in whatever way it was called."""
    module = loaded("joblib.parallel")
    return None if module is None else getattr(module._backend, "config", None)


def _transforms() -> Any:
    """Who answers for scipy.fft, as compiled code keeps it."""
    module = loaded("scipy._lib._uarray")
    return None if module is None else repr(module.get_state()._pickle())


def _contexts() -> Any:
    """The contexts of decimal that others are made from; that of the cells is a component."""
    module = loaded("decimal")
    return None if module is None else [repr(context) for context in (module.DefaultContext, module.BasicContext, module.ExtendedContext)]


def _error_number() -> Any:
    """What ctypes keeps as the number of the last error, where a notebook sets it; libraries do so all the time."""
    module = loaded("ctypes")
    sets = notebook_text.mentions("set_errno") or notebook_text.mentions("use_errno")
    return (module.get_errno() or None) if module is not None and sets else None


def _zones() -> Any:
    """Where zoneinfo looks for time zones; its module is asked, and not loaded."""
    module = loaded("zoneinfo._tzpath")
    return None if module is None else module.TZPATH


def _opener() -> Any:
    """An opener of urllib that says more than the one that is made by itself."""
    request = loaded("urllib.request")
    opener = None if request is None else request._opener
    if opener is None or request is None:
        return None
    usual = all(type(handler).__module__ == request.__name__ for handler in opener.handlers)
    return None if usual and opener.addheaders == request.OpenerDirector().addheaders else opener


def _switches() -> Any:
    digits = getattr(sys, "get_int_max_str_digits", None)
    return (sys.getswitchinterval(), sys.getdlopenflags(), tuple(sys.get_asyncgen_hooks()), digits() if digits is not None else 0)


def _system() -> dict[str, Any]:
    return {name: value for name, value in vars(sys).items() if name not in _CHANGING}


class _Modules:
    """`sys.modules` as it was in the warm parent. A child copies no page to look whether it was written to."""

    def __init__(self) -> None:
        self.before = {name: module for name, module in list(sys.modules.items()) if type(module) is types.ModuleType}
        self.marks = ContainerMarks([sys.modules])


# Where Cython keeps the types that all modules compiled by one version of it share, and what it tells of itself.
_OF_CYTHON = re.compile(r"_cython_\w+|cython_runtime")
_known_modules: list[_Modules] = []


def remember_modules() -> None:
    """Take the baseline that the children share; called once, before they are forked."""
    _known_modules[:] = [_Modules()]


class Settings:
    """Everything here as it was when the process began."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Made after the fork."""
        self._loop = loop
        known = _known_modules[0] if _known_modules else _Modules()
        self._modules, self._marks = dict(known.before), known.marks
        self._open = LeftOpen()
        self._before = {name: probe() for name, probe in self._probes().items()}
        self._virtual: Any = _cache_token()

    def _probes(self) -> dict[str, Callable[[], Any]]:
        socket = loaded("socket")
        return {
            "the time zone": lambda: (time.tzname, time.timezone, time.altzone, os.environ.get("TZ")),
            "the handler of a signal": _signals,
            "the signals that are blocked": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []),
            "a timer": lambda: [signal.getitimer(timer)[0] > 0 for timer in _TIMERS],
            "the garbage collector's settings": lambda: (gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(gc.callbacks)),
            "a trace function": lambda: (sys.gettrace(), sys.getprofile()),
            "the interpreter's settings": _switches,
            "the arguments of the program": lambda: list(sys.argv),
            "an attribute of sys": _system,
            "the default timeout of sockets": lambda: None if socket is None else socket.getdefaulttimeout(),
            "the stack size of threads": _stack_size,
            "the mask of new files": _umask,
            "a limit of the process": lambda: [resource.getrlimit(number) for number in _LIMITS],
            "the priority of the process": lambda: os.getpriority(os.PRIO_PROCESS, 0),
            "the processors of the process": _processors,
            "a variable that os.environ does not have": beside_os_environ,
            "the types of files by their endings": added_types,
            "tracing of memory": tracemalloc.is_tracing,
            "the fault handler": faulthandler.is_enabled,
            "the settings of csv": _csv,
            "the folder of temporary files": lambda: tempfile.tempdir,
            "the start method of multiprocessing": _start_method,
            "the opener of urllib": _opener,
            "a context of decimal": _contexts,
            "the error number of ctypes": _error_number,
            "the path of time zones": _zones,
            "the settings of joblib": _joblib,
            "the backend of scipy.fft": _transforms,
            "a codec": lambda: [list(table.items()) if isinstance(table, dict) else list(table) for table in _tables],
            "the settings of the event loop": self._loops,
            "a file that is open by its number": self._open.capture,
            "a function to run at exit": lambda: len(at_exit.functions),
        }

    def _loops(self) -> Any:
        return (self._loop.get_debug(), self._loop.get_exception_handler(), vars(asyncio.events)["_event_loop_policy"])

    def capture(self) -> Any:
        """Nothing, or `Stuck`."""
        for name in self.changed():
            raise Stuck(name if name in _ADDED else f"{name}, which was changed")
        self._check_modules()
        if _cache_token() != self._virtual:
            own = _virtual_classes()
            if own:
                raise Stuck(f"the class {own}, which was registered with an abstract class of a library")
            self._virtual = _cache_token()
        return None

    def changed(self) -> list[str]:
        """What is not as it was."""
        return [name for name, probe in self._probes().items() if probe() != self._before[name]]

    def accept(self, but: list[str]) -> None:
        """What is so now, an import has made so, and another process that imports the same has it too; `but` was so before the import."""
        self._before.update({name: probe() for name, probe in self._probes().items() if name not in but})
        for name, module in list(sys.modules.items()):
            if type(module) is types.ModuleType and getattr(module, "__spec__", None) is None and name not in self._modules:
                self._modules[name] = module

    def _check_modules(self) -> None:
        if not self._marks.written():
            return
        marks = ContainerMarks([sys.modules])
        for name, module in list(sys.modules.items()):
            before = self._modules.get(name)
            if before is None and self._is_made(name, module):
                raise Stuck(f"the module {name}, which was not imported but made")
            if before is not None and before is not module:
                raise Stuck(f"the module {name}, which was put in the place of another")
        for name in self._modules:
            if name not in sys.modules:
                raise Stuck(f"the module {name}, which was taken out of sys.modules")
        # What this process has imported since counts from now on: a module beside the notebook that is taken out is loaded again.
        self._modules.update({name: module for name, module in list(sys.modules.items()) if type(module) is types.ModuleType})
        self._marks = marks

    def _is_made(self, name: str, module: Any) -> bool:
        """True for a module that no import made, but for those that installed modules make, as `pyexpat` does `pyexpat.errors`."""
        if type(module) is not types.ModuleType or getattr(module, "__spec__", None) is not None:
            return False
        parent, _, last = name.rpartition(".")
        owner = sys.modules.get(parent)
        # Who imports the owner has both. One that was there before may have been given it by a cell.
        is_part = owner is not None and parent not in self._modules and vars(owner).get(last) is module
        is_of_libraries = (is_part and installed(parent)) or _OF_CYTHON.fullmatch(name) is not None
        return not is_of_libraries or any(map(is_own, vars(module).values()))


def _cache_token() -> Any:
    """Changes whenever a class is registered with an abstract class."""
    import abc

    return abc.get_cache_token()


def _virtual_classes() -> str:
    """The name of a class of the notebook that is registered with an abstract class of a library; empty when there is none."""
    from _abc import _get_dump  # type: ignore

    pending: list[Any] = [object]
    seen: set[int] = set()
    while pending:
        kind = pending.pop()
        for child in type.__subclasses__(kind):
            if id(child) in seen:
                continue
            seen.add(id(child))
            pending.append(child)
            if "_abc_impl" not in vars(child) or child.__module__ == "__main__":
                continue
            for reference in _get_dump(child)[0]:
                registered = reference()
                if registered is not None and registered.__module__ == "__main__":
                    return str(registered.__name__)
    return ""
