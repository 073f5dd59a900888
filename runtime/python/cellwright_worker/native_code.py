"""Native code in this process, and whether it is known to open no file, start no program and reach no network by itself.

What is not known is treated as though it did.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from typing import Any

from . import calls

# Packages whose native code works on memory, or on files that Python opened. Folders of installed packages.
_HARMLESS_PACKAGES = frozenset(
    {
        "numpy", "pandas", "scipy", "sklearn", "scikit_learn", "matplotlib", "kiwisolver", "contourpy", "PIL", "pillow", "statsmodels",
        "charset_normalizer",
        "psutil", "tornado", "zmq", "pyzmq", "markupsafe", "MarkupSafe", "yaml", "_yaml", "regex", "orjson",
        "ujson", "msgpack", "rpds", "wrapt", "multidict", "yarl", "frozenlist", "propcache", "cython_runtime", "numexpr", "bottleneck",
        "fontTools", "joblib", "cftime", "networkx", "pydantic_core", "simplejson", "xxhash", "lz4", "zstandard", "brotli", "rapidfuzz",
        "Levenshtein", "shapely", "Shapely", "patsy", "jellyfish", "greenlet",
    }
)  # fmt: skip
# ZeroMQ is the kernel's own. But for these, which open fonts, colour profiles and matrices under the names that they are given.
_NOT_OF_THESE = ("_imagingft.", "_imagingcms.", "_fmm_core.")
# Libraries that they and Python itself are made with.
_HARMLESS_LIBRARIES = re.compile(
    r"(ld-linux|ld-musl|libc|libm|libpthread|libdl|librt|libutil|libresolv|libnss_\w+|libstdc\+\+|libgcc_s|libgomp|libiomp5|libgfortran|libquadmath|libz|"
    r"libbz2|liblzma|libzstd|libffi|libssl|libcrypto|libexpat|libuuid|libncursesw?|libtinfow?|libreadline|libpython\d|libsqlite3|"
    r"libzmq|libsodium|libbsd|libmd|libopenblas\w*|libscipy_openblas\w*|libblas|libcblas|liblapack|libmkl_\w+|libtbb\w*|libfreetype|"
    r"libpng\d*|libjpeg|libmpdec|libintl|libiconv|libcrypt|libnsl|libtirpc|libanl|libgmp|libb2|"
    r"libtiff|libopenjp2|libwebp\w*|libsharpyuv|liblcms2|libdeflate|libLerc|libjbig|libxcb|libXau|libXdmcp|libavif|libbrotli\w*)(?![a-zA-Z0-9_+]).*"
)
# Of the standard library: these open files under names that are given to them, and no audit event tells of it.
_NOT_OF_THE_STANDARD_LIBRARY = ("_dbm", "_gdbm")
_PACKAGE = re.compile(r"/(?:site|dist)-packages/([^/]+)")
_LOADED = re.compile(r"^\S+ r.xp .*? (/.*\.(?:so|dylib)\b.*)$", re.MULTILINE)
_MAPS = "/proc/self/maps"


def _is_harmless(path: str) -> bool:
    package, file = _PACKAGE.search(path), os.path.basename(path)
    if package is not None:
        name = re.split(r"\.libs$|\.cpython|\.abi3|\.so", package.group(1))[0]
        return name in _HARMLESS_PACKAGES and not file.startswith(_NOT_OF_THESE)
    if os.sep + "lib-dynload" + os.sep in path:
        return file.partition(".")[0] not in _NOT_OF_THE_STANDARD_LIBRARY
    return _HARMLESS_LIBRARIES.match(file) is not None


def name_of(path: str) -> str:
    """The package or library that a file is of, for a message."""
    package = _PACKAGE.search(path)
    return re.split(r"\.libs$|\.cpython|\.abi3|\.so", package.group(1) if package else os.path.basename(path))[0]


# What a module took of the C library while it was imported, where no audit hook was.
_taken: list[str] = []
_HERE = os.path.dirname(__file__)


def watch_ctypes() -> None:
    """Know of functions that modules take through `ctypes` from now on."""
    if not calls.tell(ctypes.CDLL.__getitem__, _take):
        _taken.append("ctypes")


def _take(library: Any) -> None:
    # Of `__getitem__` and `__getattr__`, or of the first alone.
    callers = (sys._getframe(2), sys._getframe(3))
    if any(os.path.dirname(caller.f_code.co_filename) == _HERE for caller in callers):
        return
    of = vars(library).get("_name")
    if type(library) is not ctypes.PyDLL and not (isinstance(of, str) and _COUNTERS.match(os.path.basename(of))):
        _taken.append("ctypes")


def unknown_here() -> str:
    """Some native code in this process of which more is not known; empty when there is none."""
    known = [*_taken, *(name for name in _NOT_OF_THE_STANDARD_LIBRARY if name in sys.modules)]
    return known[0] if known else _unknown_libraries()


def _unknown_libraries() -> str:
    try:
        with open(_MAPS, encoding="utf-8", errors="surrogateescape") as maps:
            found = sorted(set(_LOADED.findall(maps.read())))
    except OSError:
        return _unknown_modules()
    return next((name_of(path) for path in found if not _is_harmless(path)), "")


def _unknown_modules() -> str:
    """The same by what Python has imported, where there is no list of what is loaded."""
    found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    native = [path for path in found if isinstance(path, str) and path.endswith((".so", ".dylib"))]
    return next((name_of(path) for path in sorted(native) if not _is_harmless(path)), "")


# What threads of libraries are counted with, and Python's own functions, which tell the audit hook.
_COUNTERS = re.compile(r".*(openblas|libgomp|libiomp|libomp|mkl|blis|flexiblas)")
_HARMLESS_FUNCTIONS = re.compile(r"dl_iterate_phdr$|_?Py[A-Z_]")


def _unknown_function(library: Any, name: Any) -> str:
    of = vars(library).get("_name") if hasattr(library, "__dict__") else ""
    if isinstance(name, str) and (_HARMLESS_FUNCTIONS.match(name) or (isinstance(of, str) and _COUNTERS.match(os.path.basename(of)))):
        return ""
    return f"ctypes ({name})"


def unknown_in(event: str, arguments: tuple[Any, ...]) -> str:
    """The native code that an audit event says is about to come, or to be called, if more is not known of it."""
    if event == "import":
        path = arguments[1]
        if arguments[0] in _NOT_OF_THE_STANDARD_LIBRARY:
            return str(arguments[0])
        return name_of(path) if isinstance(path, str) and path.endswith(".so") and not _is_harmless(path) else ""
    if event == "ctypes.dlopen":
        path = arguments[0]
        return name_of(path) if isinstance(path, str) and not _is_harmless(path) else ""
    if event in ("ctypes.dlsym", "ctypes.dlsym/handle"):
        return _unknown_function(*arguments[:2])
    return "sqlite3" if event == "sqlite3.connect" else ""


EVENTS = frozenset({"import", "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "sqlite3.connect"})
