"""Hidden state of a process: what cells share without naming it, captured after a task and restored before the next.

Each component gives a value that can be pickled, or None while its library is not loaded; two captures with equal pickles are
the same state. A component whose state cannot be restored elsewhere raises `Stuck`, and the process is kept.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import importlib
import linecache
import os
import sys
import types
import warnings
from typing import Any, Callable

from . import figures, generators, logs, variables
from .cellcode import FUTURE
from .component import Component, Stuck, loaded
from .going_on import capture_waiting, capture_work
from .interpreter import Settings, is_own
from .local_modules import LocalModules

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
        "alias_magic",
        "unalias",
        "xmode",
        "colors",
        "pprint",
    }
)


def _folders(shell: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """The folders that %pushd left and those that %cd went through."""
    visited = shell.user_ns["_dh"]
    start = list(visited)

    def capture() -> Any:
        stack = list(shell.dir_stack)
        return (stack, list(visited)) if stack or visited != start else None

    def restore(value: Any) -> None:
        shell.dir_stack[:], visited[:] = value

    return capture, restore


def _future(shell: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """What `from __future__ import …` of a cell says of all cells after it."""
    of_shell = shell.compile.flags & ~FUTURE

    def capture() -> Any:
        return shell.compile.flags & FUTURE

    def restore(value: Any) -> None:
        shell.compile.flags = of_shell | value

    return capture, restore


def restore_path(value: Any) -> None:
    """Make the module search path what it was elsewhere."""
    sys.path[:] = value


def _capture_pandas() -> Any:
    module = loaded("pandas._config.config")
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
    module = loaded("numpy")
    return None if module is None else (module.get_printoptions(), module.geterr(), module.getbufsize())


def _restore_numpy(value: Any) -> None:
    import numpy

    options, errors, size = value
    numpy.set_printoptions(**options)
    numpy.seterr(**errors)
    if numpy.getbufsize() != size:
        numpy.setbufsize(size)


def _restore_filters(value: Any) -> None:
    warnings.filters[:] = value  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _capture_sklearn() -> Any:
    module = loaded("sklearn._config")
    return None if module is None else dict(module._get_threadlocal_config())


def _restore_sklearn(value: Any) -> None:
    import sklearn._config as config

    config._get_threadlocal_config().update(value)


def _capture_special() -> Any:
    """What `scipy.special.seterr` chose, unless all is as it is after the import."""
    module = loaded("scipy.special")
    errors = None if module is None else module.geterr()
    return errors if errors and any(action != ("raise" if kind == "memory" else "ignore") for kind, action in errors.items()) else None


def _restore_special(value: Any) -> None:
    importlib.import_module("scipy.special").seterr(**value)


def _capture_decimal() -> Any:
    module = loaded("decimal")
    return None if module is None else module.getcontext().copy()


def _restore_decimal(value: Any) -> None:
    import decimal

    decimal.setcontext(value.copy())


def _capture_locale() -> Any:
    module = loaded("locale")
    return None if module is None else module.setlocale(module.LC_ALL, None)


def _restore_locale(value: Any) -> None:
    import locale

    locale.setlocale(locale.LC_ALL, value)


# States that hold the very objects that the notebook gave them.
SHARING = ("state:formatters", "state:numpy.options")


def live_objects() -> dict[str, Any]:
    """What every process has one of, and a variable may hold: a copy of it would set nothing."""
    module = loaded("decimal")
    return {} if module is None else {"the decimal context": module.getcontext()}


class SetupMagics:
    """Magics that set the shell up; they are replayed in later tasks instead of being captured."""

    def __init__(self, shell: Any) -> None:
        """Watches the line magics of `shell`."""
        self._shell = shell
        self._lines: list[tuple[str, str, bool]] = []
        self._original = shell.run_line_magic
        shell.run_line_magic = self._run
        # Called when an extension has been loaded.
        self.extended: Callable[[], None] = lambda: None

    def _run(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        # What the inline backend is told counts from then on, or only when it is resolved.
        late = magic_name == "config" and (figures.backend.capture() is not None)
        result = self._original(magic_name, line, _stack_depth=_stack_depth + 1)
        if magic_name in ("load_ext", "reload_ext"):
            self.extended()
        if magic_name in SETUP_MAGICS:
            self._lines.append((magic_name, line, late))
        return result

    def capture(self) -> Any:
        """The lines so far."""
        return list(self._lines) or None

    def restore(self, value: Any) -> None:
        """Run the lines that this process has not run."""
        for name, line, late in value[len(self._lines) :]:
            if late and "InlineBackend" in line:
                figures.resolve()
            self._original(name, line)
            self._lines.append((name, line, late))


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
        ):
            if any(map(is_own, hooks)):
                raise Stuck(what)
        if getattr(shell, "custom_exceptions", ()):
            raise Stuck("an exception handler")
        if (sys.stdout, sys.stderr, sys.excepthook) != self._streams:
            raise Stuck("a standard stream that was replaced")
        return None


_PRINTERS = ("type_printers", "deferred_printers", "singleton_printers")


@functools.lru_cache(maxsize=1)
def shell_settings(shell: Any) -> ShellSettings:
    """The one of this shell. Made in the warm parent: looking at options for the first time makes their values."""
    return ShellSettings(shell)


class ShellSettings:
    """Options of the shell and its formatters that were set without a magic, on the object or on its class."""

    def __init__(self, shell: Any) -> None:
        """Remembers the options of the fresh shell."""
        formatters = shell.display_formatter.formatters
        self._objects = {"": shell, "display": shell.display_formatter, **dict(formatters)}
        self._names = {key: sorted(thing.traits(config=True)) for key, thing in self._objects.items()}
        self._before = self._values()

    def _values(self) -> dict[tuple[str, str], Any]:
        found = {(key, name): getattr(self._objects[key], name) for key, names in self._names.items() for name in names}
        return {place: value for place, value in found.items() if isinstance(value, (str, int, float, bool, type(None)))}

    def capture(self) -> Any:
        """(Object, option) → value, for those that differ."""
        now = self._values()
        return {place: value for place, value in now.items() if self._before.get(place, self) != value} or None

    def restore(self, value: Any) -> None:
        """Set them."""
        for (key, name), content in value.items():
            if getattr(self._objects[key], name) != content:
                setattr(self._objects[key], name, content)


class LastError:
    """That a cell raised and the notebook went on: what `sys.last_value` has is in the process of that cell."""

    def __init__(self, need_one_process: Callable[[str], None]) -> None:
        """`need_one_process` ends this process."""
        self._elsewhere = False
        self._need_one_process = need_one_process

    def capture(self) -> Any:
        """True, or nothing."""
        return True if self._elsewhere or "last_value" in vars(sys) else None

    def restore(self, value: Any) -> None:
        """An earlier cell raised."""
        self._elsewhere = bool(value)
        vars(sys)["__getattr__"] = self._missing

    def _missing(self, name: str) -> Any:
        if self._elsewhere and name in ("last_type", "last_value", "last_traceback", "last_exc"):
            self._need_one_process(f"sys.{name} is looked at")
        raise AttributeError(f"module 'sys' has no attribute {name!r}")


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


_REGISTRY = "__warningregistry__"


class WarningRegistries:
    """Which warnings the notebook's own lines and those of modules have shown: a warning is shown once a line and text."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        """`namespace` is the notebook's."""
        self._namespace = namespace
        self._has_of_modules = False

    def _looks_at_modules(self) -> bool:
        """Not always, since it copies their pages. Who shows a warning of a module asks for its line, or has an own way."""
        self._has_of_modules = (
            self._has_of_modules
            or getattr(linecache.cache, "is_asked_for_files", True)
            or warnings.showwarning is not warnings._showwarning_orig  # type: ignore[attr-defined]
        )
        return self._has_of_modules

    def _version(self) -> Any:
        probe: dict[Any, Any] = {}
        with_filters = list(warnings.filters)
        try:
            warnings.filters.insert(0, ("ignore", None, UserWarning, None, 0))  # type: ignore[attr-defined]
            warnings.warn_explicit("probe", UserWarning, "probe", 1, registry=probe)
        finally:
            warnings.filters[:] = with_filters  # type: ignore[index]
        return probe.get("version")

    def _registries(self) -> list[tuple[str, Any]]:
        modules = list(sys.modules.items()) if self._looks_at_modules() else []
        found = [(name, module.__dict__.get(_REGISTRY)) for name, module in modules if type(module) is types.ModuleType]
        return [(name, registry) for name, registry in found if name != "__main__"] + [("", self._namespace.get(_REGISTRY))]

    def capture(self) -> Any:
        """The entries that still count, by module; the notebook has no name."""
        filled = [(name, registry) for name, registry in self._registries() if isinstance(registry, dict) and len(registry) > 1]
        version = self._version() if filled else None
        valid = {name: registry for name, registry in filled if registry.get("version") == version}
        return {name: [key for key in registry if key != "version"] for name, registry in valid.items()} or None

    def restore(self, value: Any) -> None:
        """Put the entries back under the present version of the filters."""
        version = self._version()
        self._has_of_modules = True
        for name, entries in value.items():
            place = vars(sys.modules[name]) if name in sys.modules else {} if name else self._namespace
            place[_REGISTRY] = {"version": version, **dict.fromkeys(entries, True)}


class HiddenState:
    """All components of this process, and what they were when the task started."""

    def __init__(self, shell: Any, loop: asyncio.AbstractEventLoop, need_one_process: Callable[[str], None], modules: LocalModules) -> None:
        """Made once a process, after the fork; `need_one_process` is for what shows itself too late to be kept."""
        self.magics = magics = SetupMagics(shell)
        registry = WarningRegistries(shell.user_ns)
        formatters = Formatters(shell)
        options = shell_settings(shell)
        error = LastError(need_one_process)
        logging = logs.SetUp()

        self.settings = Settings(loop)

        self.components = [
            *generators.components(),
            Component("cwd", os.getcwd, os.chdir),
            Component("environ", variables.watch.changes, variables.watch.restore),
            Component("sys.path", lambda: list(sys.path), restore_path),
            Component("folders", *_folders(shell)),
            Component("ipython", magics.capture, magics.restore),
            *figures.components(shell),
            Component("pandas.options", _capture_pandas, _restore_pandas),
            Component("numpy.options", _capture_numpy, _restore_numpy),
            Component("sklearn.config", _capture_sklearn, _restore_sklearn),
            Component("scipy.special.errors", _capture_special, _restore_special),
            Component("warnings", lambda: list(warnings.filters), _restore_filters),
            Component("warning-registry", registry.capture, registry.restore),
            Component("decimal", _capture_decimal, _restore_decimal),
            Component("locale", _capture_locale, _restore_locale),
            Component("logging", logging.capture, logging.restore),
            Component("recursion-limit", sys.getrecursionlimit, sys.setrecursionlimit),
            Component("formatters", formatters.capture, formatters.restore),
            Component("future", *_future(shell)),
            Component("shell", options.capture, options.restore),
            Component("last-error", error.capture, error.restore),
            Component("hooks", Hooks(shell).capture),
            Component("local-modules", modules.capture, modules.restore),
            Component("interpreter", self.settings.capture),
            Component("context-variables", _capture_context(dict(contextvars.copy_context().items()))),
            Component("threads", capture_work(loop)),
            Component("pools", capture_waiting),
        ]
        self.by_name = {component.name: component for component in self.components}
