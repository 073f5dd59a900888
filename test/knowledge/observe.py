"""Makes the example calls of the knowledge tables with the real libraries and tells what each of them did.

Reads a JSON list of libraries from standard input. Every entry of a library has an expression for its receiver, if it has one, and
example calls. For each example the answer holds the type of the result and everything that changed: the receiver, arguments, hidden
state; files read and written, programs started, sockets opened.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

from fingerprint import fingerprint, reachable
from states import capture, perturb, restore

EVENTS: list[tuple] = []
# What a text that is run leaves behind, wherever it runs.
RAN: list[Any] = []
LISTENING = [False]


def listen(event: str, arguments: tuple) -> None:
    if LISTENING[0] and event == "open" and isinstance(arguments[0], (str, bytes)) and os.path.isdir(arguments[0]):
        return
    if LISTENING[0] and event in ("open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree", "shutil.copyfile"):
        EVENTS.append((event, *arguments))
    elif LISTENING[0] and event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty"):
        EVENTS.append(("program", *arguments))
    elif LISTENING[0] and event in ("socket.connect", "socket.getaddrinfo"):
        EVENTS.append(("network", *arguments))


@contextlib.contextmanager
def listening() -> Iterator[None]:
    EVENTS.clear()
    LISTENING[0] = True
    try:
        yield
    finally:
        LISTENING[0] = False


def is_below(path: Any, folder: str) -> bool:
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    return isinstance(path, (str, os.PathLike)) and os.fspath(path) != "" and os.path.realpath(path).startswith(folder)


def effects_outside(folder: str) -> dict[str, list[str]]:
    """What the audit hook heard, of files only those in the folder of the test."""
    found: dict[str, set] = {"reads": set(), "writes": set(), "outside": set()}
    for event, *arguments in EVENTS:
        if event in ("program", "network"):
            found["outside"].add(event)
        elif event == "open":
            path, mode, flags = arguments
            if not is_below(path, folder):
                continue
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if isinstance(flags, int) else False
            if isinstance(mode, str):
                writes = writes or any(letter in mode for letter in "wax+")
            found["writes" if writes else "reads"].add(os.path.relpath(os.fspath(path), folder))
        elif is_below(arguments[0], folder):
            found["writes"].add(os.path.relpath(os.fspath(arguments[0]), folder))
    return {key: sorted(items) for key, items in found.items()}


def marks_of(folder: str) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with what changes when somebody writes to it."""
    found = {}
    for above, _folders, files in os.walk(folder):
        for name in files:
            status = os.stat(os.path.join(above, name))
            found[os.path.relpath(os.path.join(above, name), folder)] = (status.st_mtime_ns, status.st_size)
    return found


def files_needed(text: str, receivers: list[str], names: dict[str, Any], folder: str) -> list[str]:
    """The files named by arguments without which the call, or a look at what it gives, fails."""
    needed = []
    given = [item for item in Example(text, receivers, names).arguments.values() if isinstance(item, str)]
    for name in sorted({item for item in given if os.path.isfile(os.path.join(folder, item))}):
        aside = os.path.join(folder, name + ".aside")
        os.rename(os.path.join(folder, name), aside)
        try:
            fingerprint(Example(text, receivers, names).call())
        except Exception:  # noqa: BLE001 - each library has its own error for a file that is not there
            needed.append(name)
        os.rename(aside, os.path.join(folder, name))
    return needed


class Example:
    """One call, taken apart so that what goes in can be looked at before and after."""

    def __init__(self, text: str, receivers: list[str], names: dict[str, Any]) -> None:
        """Each receiver is made when the one before is `x`."""
        self.names = dict(names)
        self.tree = ast.parse(text, mode="eval").body
        for receiver in receivers:
            self.names["x"] = eval(receiver, self.names)
        self.has_receiver = len(receivers) > 0
        self.arguments: dict[str, Any] = {}
        if isinstance(self.tree, ast.Call):
            for place, node in enumerate(self.tree.args):
                if isinstance(node, ast.Starred):
                    self.arguments.update({str(place + more): item for more, item in enumerate(self.part(node.value))})
                else:
                    self.arguments[str(place)] = self.part(node)
            for keyword in self.tree.keywords:
                value = self.part(keyword.value)
                self.arguments.update({keyword.arg: value} if keyword.arg else value)

    def part(self, node: ast.AST) -> Any:
        return eval(compile(ast.Expression(node), "<example>", "eval"), self.names)

    def call(self) -> Any:
        """Makes the call in the namespace of the examples, so that a library that looks at its caller's variables finds those."""
        if not isinstance(self.tree, ast.Call):
            return self.part(self.tree)
        self.names.update({f"argument_{name}": item for name, item in self.arguments.items()})
        positional = [f"argument_{name}" for name in self.arguments if name.isdigit()]
        keywords = [f"{name}=argument_{name}" for name in self.arguments if not name.isdigit()]
        return eval(f"({ast.unparse(self.tree.func)})({', '.join(positional + keywords)})", self.names)

    def fingerprints(self) -> dict[str, Any]:
        found = {f"argument {name}": fingerprint(item) for name, item in self.arguments.items()}
        if self.has_receiver:
            found["receiver"] = fingerprint(self.names["x"])
        return found


def resolve(path: str) -> type:
    """The class that a dotted path names; `None` is the class of None."""
    if path == "None":
        return type(None)
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise ImportError(path)


def fits(obj: Any, classes: list[str]) -> bool:
    return not classes or isinstance(obj, tuple(resolve(path) for path in classes))


def observe(text: str, receivers: list[str], entry: dict[str, Any], names: dict[str, Any], folder: str) -> dict[str, Any]:
    restore()
    RAN.clear()
    example = Example(text, receivers, names)
    example.fingerprints()
    files = marks_of(folder)
    before, state = example.fingerprints(), capture()
    with listening(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = example.call()
    outside = effects_outside(folder)
    # Native code opens files unheard; a new one that is still empty is no write yet.
    changed = {path for path, mark in marks_of(folder).items() if mark != files.get(path) and (mark[1] > 0 or path in files)}
    outside["writes"] = sorted({*outside["writes"], *changed})
    after, state_after = example.fingerprints(), capture()
    told: dict[str, Any] = {
        "changes": sorted(name for name in before if before[name] != after[name]),
        "states": sorted(name for name in state if state[name] != state_after[name]),
        "result": f"{type(result).__module__}.{type(result).__qualname__}",
        "fits": fits(result, entry["classes"]["types"]),
        "ran": len(RAN) > 0,
        "sees": isinstance(result, (dict, list)) and any(isinstance(name, str) and name == "marker" for name in result),
        **outside,
    }
    if any(effect["kind"] == "file" and effect["access"] == "read" for effect in entry["effects"]) and not told["reads"]:
        told["reads"] = files_needed(text, receivers, names, folder)
    if example.has_receiver:
        told["is receiver"] = result is example.names["x"]
        inside, _alive = reachable(example.names["x"])
        parts, _alive2 = reachable(result)
        told["shares"] = bool(inside & parts)
    given = list(example.arguments.values())
    if isinstance(result, (tuple, list)) and len(result) == 2 * len(given):
        told["halves"] = all(type(part) is type(given[place // 2]) for place, part in enumerate(result))
    if "0" in example.arguments:
        told["like argument"] = type(result) is type(example.arguments["0"])
    expected = entry["classes"]["tuple"]
    if expected:
        parts = list(result)
        told["parts fit"] = len(parts) == len(expected) and all(map(fits, parts, expected))
        first = [reachable(part) for part in parts]
        told["joined"] = all(one[0] & first[0][0] for one in first[1:])
    return told


def depends(text: str, receivers: list[str], names: dict[str, Any], state: str) -> bool:
    """True when the result differs between two values of a piece of hidden state."""
    results = []
    for which in (0, 1):
        restore()
        perturb(state, which)
        example = Example(text, receivers, names)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            results.append((fingerprint(example.call()), example.fingerprints()))
    return results[0] != results[1]


def names_in_text(text: str, receivers: list[str], names: dict[str, Any]) -> bool:
    """True when what a call gives or runs depends on a variable that only its text names."""
    results = []
    for limit in (1, 2):
        restore()
        RAN.clear()
        vars(sys.modules["__main__"])["limit"] = limit
        example = Example(text, receivers, {**names, "limit": limit})
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
            results.append((fingerprint(example.call()), fingerprint(RAN), out.getvalue()))
    return results[0] != results[1]


def mend(text: str, keyword: str, value: str) -> str:
    """The call with one more keyword."""
    tree = ast.parse(text, mode="eval")
    if isinstance(tree.body, ast.Call):
        tree.body.keywords = [given for given in tree.body.keywords if given.arg != keyword]
        tree.body.keywords.append(ast.keyword(keyword, ast.parse(value, mode="eval").body))
    return ast.unparse(tree)


def run_magic(entry: dict[str, Any], folder: str) -> dict[str, Any]:
    """Runs the examples as cells, and tells what the last of them did; those before lead up to it."""
    shell = sys.modules["IPython.core.interactiveshell"].InteractiveShell.instance()
    restore()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        for text in ["1", *entry["examples"][:-1]]:
            shell.run_cell(text, store_history=True)
        state = capture()
        with listening():
            done = shell.run_cell(entry["examples"][-1])
        outside = effects_outside(folder)
    state_after = capture()
    if not done.success or "UsageError" in err.getvalue():
        return {"error": repr(done.error_in_exec or done.error_before_exec or err.getvalue())}
    states = sorted(name for name in state if state[name] != state_after[name])
    return {"examples": [{"changes": [], "states": states, "fits": True, "ran": False, "sees": False, **outside}]}


def with_seed(text: str, receivers: list[str], keyword: str, names: dict[str, Any]) -> tuple[list[str], str]:
    """Gives the seed where it is taken: to the receiver when that is made, else to the call."""
    if receivers and isinstance(ast.parse(receivers[0], mode="eval").body, ast.Call):
        made = mend(receivers[0], keyword, "0")
        try:
            eval(made, dict(names))
        except TypeError:
            return receivers, mend(text, keyword, "0")
        return [made, *receivers[1:]], text
    return receivers, mend(text, keyword, "0")


def answer(entry: dict[str, Any], names: dict[str, Any], folder: str) -> dict[str, Any]:
    told: dict[str, Any] = {"examples": [], "with": {}, "without": {}, "depends": {}}
    if "needs" in entry and not is_there(entry["needs"]):
        return {"missing": entry["needs"]}
    if entry["kind"] == "magic":
        return run_magic(entry, folder)
    receivers = [text for text in (entry.get("make"), entry.get("on")) if text]
    try:
        for text in entry["examples"]:
            told["examples"].append(observe(text, receivers, entry, names, folder))
        for keyword in entry.get("switches", []):
            told["with"][keyword] = observe(mend(entry["examples"][0], keyword, "True"), receivers, entry, names, folder)
        for keyword in entry.get("seeds", []):
            seeded, text = with_seed(entry["examples"][0], receivers, keyword, names)
            told["without"][keyword] = observe(text, seeded, entry, names, folder)
        if entry.get("names"):
            told["names"] = any(names_in_text(text, receivers, names) for text in entry["examples"])
        for state in entry.get("reads", []):
            told["depends"][state] = any(depends(text, receivers, names, state) for text in entry["examples"])
    except BaseException as error:  # noqa: BLE001 - whatever an example raises is the answer
        last = traceback.extract_tb(error.__traceback__)[-1]
        told["error"] = f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"
    return told


def is_there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def is_alias(alias: str, module: str, name: str) -> bool:
    """True when a module holds what another one does, or something of the same name, such as a builtin; or lacks it."""
    missing = object()
    found: list[Any] = []
    for path in (alias, module):
        held: Any = importlib.import_module(path) if is_there(path) else None
        if held is None:
            held = getattr(importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2])
        for part in name.split("."):
            held = getattr(held, part, missing)
        found.append(held)
    names = [getattr(held, "__name__", held) for held in found]
    return found[0] in (missing, found[1], getattr(builtins, name, missing)) or names[0] == names[1]


def answer_library(library: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name in library["needs"] if not is_there(name)]
    if missing:
        return {"library": library["library"], "missing": missing}
    names: dict[str, Any] = {"__name__": "examples", "marker": "here", "limit": 1}
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        os.chdir(folder)
        restore.home = folder  # type: ignore[attr-defined]
        for name in library["modules"]:
            # A function may have members as well: `numpy.add.reduce`.
            if not is_there(name):
                resolve(name)
            names[name.split(".")[0]] = importlib.import_module(name.split(".")[0])
        exec(library.get("setup", ""), names)
        restore.remember()  # type: ignore[attr-defined]
        entries = {entry["id"]: answer(entry, names, folder) for entry in library["entries"]}
        os.chdir(home)
    differing = [entry for entry in library["aliases"] if not is_alias(**entry)]
    return {"library": library["library"], "entries": entries, "differing": differing}


def main() -> None:
    os.environ["MPLBACKEND"] = "Agg"
    warnings.simplefilter("ignore")
    vars(sys.modules["__main__"])["limit"] = 1
    builtins.ran = RAN  # type: ignore[attr-defined]
    libraries = json.load(sys.stdin)
    # What programs print must not come between.
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.addaudithook(listen)
    answers = [answer_library(library) for library in libraries]
    json.dump(answers, told)
    told.close()
    # Threads of servers and kernels do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
