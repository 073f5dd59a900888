"""Hidden state of a process: what cells share without naming it, captured after a task and restored before the next.

Each component gives a value that can be pickled, or None while its library is not loaded; two captures with equal pickles are
the same state. A component whose state cannot be restored elsewhere raises `Stuck`, and the process is kept.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import logging
import os
import random
import sys
import threading
import types
import warnings
from typing import Any, Callable

SETUP_MAGICS = frozenset(
    {
        "matplotlib",
        "config",
        "load_ext",
        "reload_ext",
        "autoreload",
        "precision",
        "pylab",
        "alias",
        "automagic",
        "aimport",
    }
)


class Stuck(Exception):
    """State that only this process can have; the message says what it is."""


class Component:
    """One kind of hidden state."""

    def __init__(self, name: str, capture: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        """`capture` gives None when there is nothing to say."""
        self.name = f"state:{name}"
        self.capture = capture
        self.restore = restore


def _module(name: str) -> Any:
    return sys.modules.get(name)


def _capture_numpy_random() -> Any:
    module = _module("numpy.random")
    return None if module is None else module.get_state(legacy=False)


def _restore_numpy_random(value: Any) -> None:
    import numpy.random

    numpy.random.set_state(value)


def _capture_torch() -> Any:
    module = _module("torch")
    return None if module is None or not hasattr(module, "get_rng_state") else module.get_rng_state().numpy().tobytes()


def _restore_torch(value: Any) -> None:
    import torch

    torch.set_rng_state(torch.frombuffer(bytearray(value), dtype=torch.uint8))


def _capture_environ() -> Any:
    # The shell's own terminal settings are the same in every process.
    return dict(sorted(os.environ.items()))


def _restore_environ(value: Any) -> None:
    for name in set(os.environ) - set(value):
        del os.environ[name]
    for name, text in value.items():
        if os.environ.get(name) != text:
            os.environ[name] = text


def _restore_path(value: Any) -> None:
    sys.path[:] = value


def _interactive_by_default() -> bool:
    """What the inline backend sets when it is resolved, with the first figure."""
    pyplot = _module("matplotlib.pyplot")
    return pyplot is not None and getattr(pyplot, "_backend_mod", None) is not None


def _capture_matplotlib() -> Any:
    module = _module("matplotlib")
    if module is None or not hasattr(module, "rcParams"):
        return None
    parameters = {key: dict.get(module.rcParams, key) for key in sorted(dict.keys(module.rcParams))}
    backend = parameters.get("backend")
    if parameters.get("interactive") is _interactive_by_default():
        parameters.pop("interactive", None)
    # The backend is resolved when the first figure is made, to the same one in every process.
    if not isinstance(backend, str) or "inline" in backend:
        parameters.pop("backend", None)
    parameters.pop("backend_fallback", None)
    return parameters


def _restore_matplotlib(value: Any) -> None:
    import matplotlib

    for key, item in value.items():
        if key == "backend":
            if dict.get(matplotlib.rcParams, key) != item:
                matplotlib.use(item)
        elif key == "interactive":
            import matplotlib.pyplot

            matplotlib.pyplot._get_backend_mod()  # type: ignore[attr-defined]
            dict.__setitem__(matplotlib.rcParams, key, item)
        else:
            dict.__setitem__(matplotlib.rcParams, key, item)


def _capture_figures() -> Any:
    helpers = _module("matplotlib._pylab_helpers")
    if helpers is not None and helpers.Gcf.figs:
        raise Stuck("figures of pyplot that are still open")
    return None


def _capture_pandas() -> Any:
    module = _module("pandas._config.config")
    return None if module is None else copy.deepcopy(module._global_config)


def _replace_leaves(target: dict[str, Any], source: dict[str, Any]) -> None:
    for key, item in source.items():
        if isinstance(item, dict) and isinstance(target.get(key), dict):
            _replace_leaves(target[key], item)
        else:
            target[key] = item


def _restore_pandas(value: Any) -> None:
    import pandas._config.config as config

    _replace_leaves(config._global_config, value)


def _capture_numpy() -> Any:
    module = _module("numpy")
    return None if module is None else (module.get_printoptions(), module.geterr())


def _restore_numpy(value: Any) -> None:
    import numpy

    options, errors = value
    numpy.set_printoptions(**options)
    numpy.seterr(**errors)


def _restore_filters(value: Any) -> None:
    warnings.filters[:] = value  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _capture_decimal() -> Any:
    module = _module("decimal")
    return None if module is None else module.getcontext().copy()


def _restore_decimal(value: Any) -> None:
    import decimal

    decimal.setcontext(value.copy())


def _capture_locale() -> Any:
    module = _module("locale")
    return None if module is None else module.setlocale(module.LC_ALL, None)


def _restore_locale(value: Any) -> None:
    import locale

    locale.setlocale(locale.LC_ALL, value)


def _handler(handler: logging.Handler) -> tuple[Any, ...] | None:
    """What makes an ordinary handler again, or None for nothing special."""
    if isinstance(handler, logging.NullHandler):
        return ("null", handler.level)
    formatter = handler.formatter
    layout = None
    if formatter is not None:
        if type(formatter) is not logging.Formatter:
            raise Stuck(f"a logging formatter of type {type(formatter).__name__}")
        layout = (formatter._style._fmt, formatter.datefmt, type(formatter._style).__name__)
    if handler.filters:
        raise Stuck("a filter on a logging handler")
    if type(handler) is logging.StreamHandler and handler.stream in (sys.stdout, sys.stderr):
        return ("stdout" if handler.stream is sys.stdout else "stderr", handler.level, layout)
    if type(handler) is logging.FileHandler:
        return ("file", handler.level, layout, handler.baseFilename, handler.encoding)
    raise Stuck(f"a logging handler of type {type(handler).__name__}")


def _capture_logging() -> Any:
    found: dict[str, Any] = {}
    loggers: list[tuple[str, Any]] = [("", logging.root), *sorted(logging.root.manager.loggerDict.items())]
    for name, logger in loggers:
        if not isinstance(logger, logging.Logger) or name.split(".")[0] in ("asyncio", "traitlets", "IPython"):
            continue
        handlers = [_handler(handler) for handler in logger.handlers]
        if not name or handlers or logger.level or logger.disabled or not logger.propagate:
            found[name] = (logger.level, logger.propagate, logger.disabled, handlers)
    return (found, logging.root.manager.disable)


def _make_handler(made: tuple[Any, ...]) -> logging.Handler:
    kind, level, *rest = made
    handler: logging.Handler
    if kind == "null":
        handler = logging.NullHandler()
    elif kind == "file":
        handler = logging.FileHandler(rest[1], mode="a", encoding=rest[2], delay=True)
    else:
        handler = logging.StreamHandler(sys.stdout if kind == "stdout" else sys.stderr)
    if rest and rest[0] is not None:
        layout, datefmt, style = rest[0]
        mark = {"PercentStyle": "%", "StrFormatStyle": "{", "StringTemplateStyle": "$"}[style]
        handler.setFormatter(logging.Formatter(layout, datefmt, mark))  # type: ignore[arg-type]
    handler.setLevel(level)
    return handler


def _restore_logging(value: Any) -> None:
    found, disabled = value
    logging.root.manager.disable = disabled
    for name, (level, propagate, off, handlers) in found.items():
        logger = logging.getLogger(name) if name else logging.root
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, off
        if [_handler(handler) for handler in logger.handlers] != handlers:
            logger.handlers[:] = [_make_handler(made) for made in handlers]


class SetupMagics:
    """Magics that set the shell up; they are replayed in later tasks instead of being captured."""

    def __init__(self, shell: Any) -> None:
        """Watches the line magics of `shell`."""
        self._shell = shell
        self._lines: list[tuple[str, str]] = []
        self._original = shell.run_line_magic
        shell.run_line_magic = self._run

    def _run(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        result = self._original(magic_name, line, _stack_depth=_stack_depth + 1)
        entry = (magic_name, line)
        if magic_name in SETUP_MAGICS and entry not in self._lines[-1:]:
            self._lines.append(entry)
        return result

    def capture(self) -> Any:
        """The lines so far."""
        return list(self._lines) or None

    def restore(self, value: Any) -> None:
        """Run the lines that this process has not run."""
        for name, line in value[len(self._lines) :]:
            self._original(name, line)
            self._lines.append((name, line))


def _capture_threads(baseline: int, loop: asyncio.AbstractEventLoop) -> Callable[[], Any]:
    def capture() -> Any:
        alive = [thread for thread in threading.enumerate() if not getattr(thread, "_cellwright_known", False)]
        alive = [
            t
            for t in alive
            if t is not threading.main_thread()
            and not t.name.startswith(("loky", "QueueManagerThread", "QueueFeederThread", "ExecutorManager"))
        ]
        if alive:
            raise Stuck(f"the running thread {alive[0].name}")
        if asyncio.all_tasks(loop):
            raise Stuck("a running asyncio task")
        return None

    return capture


# Their values are components of their own.
_KNOWN_VARIABLES = frozenset({"decimal_context", "format_options", "numpy.ufunc.extobj", "extobj"})


def _capture_context(baseline: dict[contextvars.ContextVar[Any], Any]) -> Callable[[], Any]:
    missing = object()

    def capture() -> Any:
        for variable, value in contextvars.copy_context().items():
            if variable.name not in _KNOWN_VARIABLES and baseline.get(variable, missing) is not value:
                raise Stuck(f"the context variable {variable.name}")
        return None

    return capture


def _is_own(thing: Any) -> bool:
    """True for what the notebook itself defined. Asks no attribute of an unknown object: a lazy magic would import its module."""
    if isinstance(thing, types.MethodType):
        return _is_own(thing.__func__) or _is_own(thing.__self__)
    if isinstance(thing, functools.partial):
        return _is_own(thing.func)
    named = thing if isinstance(thing, (type, types.FunctionType)) else type(thing)
    return named.__module__ == "__main__"


class Hooks:
    """Hooks of the interpreter and the shell that the notebook's own code was put into; they stay with their process."""

    def __init__(self, shell: Any) -> None:
        """Remembers what the standard streams were."""
        self._shell = shell
        self._streams = (sys.stdout, sys.stderr, sys.excepthook)

    def capture(self) -> Any:
        """Nothing, or `Stuck`."""
        shell = self._shell
        callbacks = [item for items in shell.events.callbacks.values() for item in items]
        magics = [item for table in shell.magics_manager.magics.values() for item in table.values()]
        transformers = [*shell.input_transformers_cleanup, *shell.input_transformers_post, *shell.ast_transformers]
        for what, hooks in (
            ("an import hook", [*sys.meta_path, *sys.path_hooks]),
            ("a callback of the shell", callbacks),
            ("a magic of the notebook", magics),
            ("an input transformer", transformers),
            ("an exception handler", list(getattr(shell, "custom_exceptions", ()) or ())),
        ):
            if any(map(_is_own, hooks)):
                raise Stuck(what)
        if (sys.stdout, sys.stderr, sys.excepthook) != self._streams:
            raise Stuck("a standard stream that was replaced")
        return None


_PRINTERS = ("type_printers", "deferred_printers", "singleton_printers")


class Formatters:
    """Display formatters that were registered for types."""

    def __init__(self, shell: Any) -> None:
        """Remembers the formatters of the fresh shell."""
        self._formatters = shell.display_formatter.formatters
        self._before = {(mime, table): dict(items) for mime, table, items in self._tables()}

    def _tables(self) -> list[tuple[str, str, dict[Any, Any]]]:
        return [(mime, table, getattr(item, table)) for mime, item in self._formatters.items() for table in _PRINTERS]

    def capture(self) -> Any:
        """(Mime type, table) → (type or name, function) that are new."""
        found = {}
        for mime, table, items in self._tables():
            before = self._before[mime, table]
            fresh = [
                (kind, printer)
                for kind, printer in items.items()
                if before.get(kind) is not printer and getattr(kind, "__module__", "") != "matplotlib.figure"
            ]
            if fresh:
                found[mime, table] = fresh
        return found or None

    def restore(self, value: Any) -> None:
        """Register them again."""
        for (mime, table), printers in value.items():
            getattr(self._formatters[mime], table).update(printers)


class WarningRegistry:
    """Which warnings the notebook's own lines have shown: a warning is shown once a line and text."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        """`namespace` is the notebook's."""
        self._namespace = namespace

    def _version(self) -> Any:
        probe: dict[Any, Any] = {}
        with_filters = list(warnings.filters)
        try:
            warnings.filters.insert(0, ("ignore", None, UserWarning, None, 0))  # type: ignore[attr-defined]
            warnings.warn_explicit("probe", UserWarning, "probe", 1, registry=probe)
        finally:
            warnings.filters[:] = with_filters  # type: ignore[index]
        return probe.get("version")

    def capture(self) -> Any:
        """The entries that still count."""
        registry = self._namespace.get("__warningregistry__")
        if not isinstance(registry, dict) or registry.get("version") != self._version():
            return None
        entries = [key for key in registry if key != "version"]
        return entries or None

    def restore(self, value: Any) -> None:
        """Put the entries back under the present version of the filters."""
        registry: dict[Any, Any] = {"version": self._version()}
        for key in value:
            registry[key] = True
        self._namespace["__warningregistry__"] = registry


class HiddenState:
    """All components of this process, and what they were when the task started."""

    def __init__(self, shell: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Made once a process, after the fork."""
        magics = SetupMagics(shell)
        registry = WarningRegistry(shell.user_ns)
        formatters = Formatters(shell)

        def nothing(value: Any) -> None:
            return None

        self.components = [
            Component("random", random.getstate, random.setstate),
            Component("numpy.random", _capture_numpy_random, _restore_numpy_random),
            Component("torch.random", _capture_torch, _restore_torch),
            Component("cwd", os.getcwd, os.chdir),
            Component("environ", _capture_environ, _restore_environ),
            Component("sys.path", lambda: list(sys.path), _restore_path),
            Component("ipython", magics.capture, magics.restore),
            Component("matplotlib", _capture_matplotlib, _restore_matplotlib),
            Component("figures", _capture_figures, nothing),
            Component("pandas.options", _capture_pandas, _restore_pandas),
            Component("numpy.options", _capture_numpy, _restore_numpy),
            Component("warnings", lambda: list(warnings.filters), _restore_filters),
            Component("warning-registry", registry.capture, registry.restore),
            Component("decimal", _capture_decimal, _restore_decimal),
            Component("locale", _capture_locale, _restore_locale),
            Component("logging", _capture_logging, _restore_logging),
            Component("recursion-limit", sys.getrecursionlimit, sys.setrecursionlimit),
            Component("formatters", formatters.capture, formatters.restore),
            Component("hooks", Hooks(shell).capture, nothing),
            Component("context-variables", _capture_context(dict(contextvars.copy_context().items())), nothing),
            Component("threads", _capture_threads(threading.active_count(), loop), nothing),
        ]
        self.by_name = {component.name: component for component in self.components}
