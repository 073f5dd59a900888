"""Hidden state of a process: a fingerprint of each piece, a way back to a known beginning, and two values to tell readers apart."""

from __future__ import annotations

import copy
import decimal
import locale
import logging
import os
import random
import sys
import warnings
from typing import Any, Callable

from fingerprint import fingerprint


def _module(name: str) -> Any:
    return sys.modules.get(name)


def _options(tree: Any) -> Any:
    return {key: _options(item) for key, item in tree.items()} if isinstance(tree, dict) else repr(tree)


def _logging() -> Any:
    root = logging.getLogger()
    return (root.level, [repr(handler) for handler in root.handlers], root.manager.disable, logging.raiseExceptions)


def _parameters() -> Any:
    parameters = _module("matplotlib").rcParams
    return {key: repr(dict.get(parameters, key)) for key in dict.keys(parameters) if not key.startswith("backend")}


def _numpy_options() -> Any:
    numpy = _module("numpy")
    return (repr(numpy.get_printoptions()), numpy.geterr(), repr(numpy.geterrcall()), numpy.getbufsize())


def _ipython() -> Any:
    shell = _module("IPython.core.interactiveshell").InteractiveShell.instance()
    plain = shell.display_formatter.formatters["text/plain"]
    told = {name: repr(getattr(shell, name)) for name in sorted(shell.trait_names()) if name in SHELL_TRAITS}
    magics = [sorted(names) for names in shell.magics_manager.magics.values()]
    events = {name: len(calls) for name, calls in shell.events.callbacks.items()}
    reloads = shell.magics_manager.registry.get("AutoreloadMagics")
    reloader = getattr(reloads, "_reloader", None)
    watched = reloader and (reloader.enabled, reloader.check_all, sorted(reloader.modules), sorted(reloader.skip_modules))
    mode = (watched, shell.InteractiveTB.mode, shell.magics_manager.auto_magic, shell.active_eventloop)
    return (
        told,
        mode,
        plain.float_format,
        plain.pprint,
        magics,
        events,
        sorted(shell.extension_manager.loaded),
        shell.alias_manager.aliases,
    )


SHELL_TRAITS = ("ast_node_interactivity", "autocall", "colors", "xmode", "pdb", "show_rewritten_input", "prompts_class")

CAPTURES: dict[str, Callable[[], Any]] = {
    "random": random.getstate,
    "cwd": os.getcwd,
    "environ": lambda: dict(os.environ),
    "sys.path": lambda: list(sys.path),
    "warnings": lambda: [repr(line) for line in warnings.filters],
    "decimal": lambda: repr(decimal.getcontext()),
    "locale": lambda: locale.setlocale(locale.LC_ALL),
    "logging": _logging,
    "numpy.random": lambda: fingerprint(_module("numpy.random").get_state(legacy=False)),
    "numpy.options": _numpy_options,
    "pandas.options": lambda: _options(_module("pandas._config.config")._global_config),
    "matplotlib": _parameters,
    "ipython": _ipython,
    "torch.random": lambda: _module("torch").get_rng_state().numpy().tobytes(),
}
LOADED_BY = {
    "numpy.random": "numpy.random",
    "numpy.options": "numpy",
    "pandas.options": "pandas",
    "matplotlib": "matplotlib",
    "ipython": "IPython.core.interactiveshell",
    "torch.random": "torch",
}


def capture() -> dict[str, Any]:
    """The fingerprint of every piece whose library is loaded."""
    return {name: take() for name, take in CAPTURES.items() if LOADED_BY.get(name, "sys") in sys.modules}


class _Restore:
    """Brings every piece back to what it was when `remember` was called."""

    def __init__(self) -> None:
        self.home = os.getcwd()
        self.environ = dict(os.environ)
        self.path = list(sys.path)
        self.pandas: Any = None
        self.matplotlib: dict[str, Any] = {}
        self.numpy: Any = None

    def remember(self) -> None:
        self.environ = dict(os.environ)
        self.path = list(sys.path)
        if "pandas" in sys.modules:
            self.pandas = copy.deepcopy(_module("pandas._config.config")._global_config)
        if "matplotlib" in sys.modules:
            self.matplotlib = dict(dict.items(_module("matplotlib").rcParams))
        if "numpy" in sys.modules:
            self.numpy = (_module("numpy").get_printoptions(), _module("numpy").geterr())

    def __call__(self) -> None:
        random.seed(1)
        os.chdir(self.home)
        os.environ.clear()
        os.environ.update(self.environ)
        sys.path[:] = self.path
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        decimal.setcontext(decimal.Context())
        locale.setlocale(locale.LC_ALL, "C")
        logging.getLogger().handlers.clear()
        logging.getLogger().setLevel(logging.WARNING)
        logging.disable(logging.NOTSET)
        if "numpy" in sys.modules:
            numpy = _module("numpy")
            numpy.random.seed(1)
            if self.numpy is not None:
                numpy.set_printoptions(**self.numpy[0])
                numpy.seterr(**self.numpy[1])
        if "pandas" in sys.modules and self.pandas is not None:
            _replace(_module("pandas._config.config")._global_config, self.pandas)
        if "matplotlib" in sys.modules:
            for key, item in self.matplotlib.items():
                dict.__setitem__(_module("matplotlib").rcParams, key, item)
        if "matplotlib.pyplot" in sys.modules:
            _module("matplotlib.pyplot").close("all")
        if "torch" in sys.modules:
            _module("torch").manual_seed(1)


restore = _Restore()


def _replace(target: dict[str, Any], source: dict[str, Any]) -> None:
    for key, item in source.items():
        if isinstance(item, dict) and isinstance(target.get(key), dict):
            _replace(target[key], item)
        else:
            target[key] = item


def _set_level(which: int) -> None:
    logging.getLogger().setLevel((logging.ERROR, logging.INFO)[which])


def _set_parameters(which: int) -> None:
    cycler = _module("matplotlib").cycler
    parameters = _module("matplotlib").rcParams
    parameters["lines.linewidth"] = (1.0, 3.0)[which]
    parameters["axes.facecolor"] = ("red", "blue")[which]
    parameters["axes.prop_cycle"] = cycler(color=[("red", "blue")[which]])


PERTURBATIONS: dict[str, Callable[[int], Any]] = {
    "random": lambda which: random.seed(which),
    "cwd": lambda which: os.chdir(("/", "/usr")[which]),
    "environ": lambda which: os.environ.update(HOME=("/one", "/two")[which]),
    "sys.path": lambda which: sys.path.append(("/one", "/two")[which]),
    "warnings": lambda which: warnings.simplefilter(("ignore", "always")[which]),
    "decimal": lambda which: setattr(decimal.getcontext(), "prec", (5, 9)[which]),
    "locale": lambda which: locale.setlocale(locale.LC_ALL, ("C", "C.UTF-8")[which]),
    "logging": _set_level,
    "numpy.random": lambda which: _module("numpy").random.seed(which),
    "numpy.options": lambda which: _module("numpy").set_printoptions(precision=(2, 5)[which]),
    "pandas.options": lambda which: _module("pandas").set_option("display.max_rows", (7, 9)[which]),
    "matplotlib": _set_parameters,
    "torch.random": lambda which: _module("torch").manual_seed(which),
}


def perturb(state: str, which: int) -> None:
    """Gives a piece of hidden state one of two values."""
    PERTURBATIONS[state](which)
