"""Which modules are looked into, and which of their names: what libraries and the shell change by themselves is left out."""

from __future__ import annotations

# Modules whose globals are this program's, the interpreter's or the shell's own business.
IGNORED_ROOTS = frozenset(
    {
        "IPython", "_decimal", "_distutils_hack", "_io", "_pickle", "_frozen_importlib",
        "_frozen_importlib_external", "_pytest", "_strptime", "_warnings", "abc", "ast",
        "asttokens", "asyncio", "atexit", "builtins_worker", "cellwright_worker", "certifi", "cffi",
        "charset_normalizer", "cmath", "codecs", "collections", "comm", "concurrent", "contextlib", "contextvars",
        "copy", "copyreg", "csv", "dataclasses", "datetime", "dateutil", "debugpy", "decimal", "dis", "distutils", "email",
        "encodings", "enum", "executing", "fnmatch", "fractions", "functools", "gc", "genericpath", "getpass",
        "glob", "hashlib", "heapq", "html", "http", "idna", "importlib", "inspect", "io", "ipykernel", "itertools",
        "jedi", "joblib", "json", "jupyter_client", "jupyter_core", "keyword", "linecache", "locale", "logging",
        "markupsafe", "marshal", "math", "mimetypes", "multiprocessing", "numbers", "opcode", "operator", "os",
        "packaging", "parso", "pexpect", "pickle", "pkg_resources", "pkgutil", "platform", "posix", "posixpath",
        "prompt_toolkit", "psutil", "ptyprocess", "pure_eval", "pwd", "pycparser", "pygments", "pyparsing", "pytest",
        "pytz", "queue", "random", "re", "selectors", "setuptools", "shelve", "shutil", "signal", "site", "six",
        "socket", "sqlite3", "sre_compile", "sre_parse", "ssl", "stack_data", "stat", "statistics",
        "struct", "subprocess", "tempfile", "textwrap", "threading", "threadpoolctl", "time", "token", "tokenize",
        "tornado", "traceback", "traitlets", "types", "typing", "urllib", "uuid", "warnings", "wcwidth", "weakref",
        "xml", "zipimport", "zmq", "zoneinfo",
    }
)  # fmt: skip
IGNORED_MODULES = frozenset(
    {"__main__", "__mp_main__", "sys", "builtins", "matplotlib.font_manager", "pandas._config.config", "sklearn._config"}
)
IGNORED_PREFIXES = (
    "matplotlib.backends",
    "matplotlib.mathtext",
    "matplotlib._mathtext",
    "matplotlib._pylab_helpers",
    "matplotlib_inline",
    "matplotlib.texmanager",
    "numpy.core.arrayprint",
    "numpy._core.arrayprint",
    "numpy.random",
    "numpy._core._ufunc_config",
    "scipy._lib",
    "PIL",
)
IGNORED_NAMES = frozenset(
    {
        "__warningregistry__", "rcParams", "rcParamsDefault", "rcParamsOrig", "__builtins__", "__cached__", "__spec__", "__path__",
        "draw_if_interactive", "_REPL_DISPLAYHOOK", "_backend_mod", "__slotnames__", "__loader__", "__file__",
        # Filled on first use, with the same content whoever is first.
        "_unit_circle", "_unit_rectangle", "_unit_circle_righthalf", "_mpl_units", "_backends",
        "_threadpool_controller",
    }
)  # fmt: skip


def is_watched(name: str) -> bool:
    """True for a module whose globals are compared with what they were."""
    root = name.partition(".")[0]
    return root not in IGNORED_ROOTS and name not in IGNORED_MODULES and not name.startswith(IGNORED_PREFIXES)
