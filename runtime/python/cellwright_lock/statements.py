"""What a text imports, by its syntax alone: nothing of it is executed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any, Optional

from IPython.core.inputtransformer2 import TransformerManager

# Cell magics whose body is Python that runs in the notebook's process.
RUNS_PYTHON = frozenset(["time", "timeit", "capture", "prun", "python", "python3", "pypy", "debug"])
# Line magics whose line is Python.
LINE_IS_PYTHON = frozenset(["time", "timeit", "prun", "debug"])
WRITES_FILE = frozenset(["writefile", "file"])


@dataclass(frozen=True)
class Imported:
    """A module that some statement names."""

    name: str
    line: int
    # The text goes on without it: somebody catches the error.
    guarded: bool
    # `from a import b`: the module `a.b`, or a name in `a`.
    part: bool = False
    # How many packages up it is searched for; 0 for the search path.
    level: int = 0


@dataclass
class Found:
    """What one text imports and where it lets modules be searched for."""

    modules: list[Imported] = field(default_factory=list)
    # Lines of imports whose module's name is no literal.
    dynamic: list[int] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    # Files whose text runs here (`%run`), by path.
    files: list[str] = field(default_factory=list)
    # Modules that the text itself writes (`%%writefile`), by path.
    written: dict[str, str] = field(default_factory=dict)


def find_imports(text: str) -> Found:
    """Of Python that is no cell; nothing where the text cannot be parsed, since then nothing of it runs."""
    finder = Finder()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return finder.found
    finder.visit(tree)
    return finder.found


def find_imports_of_cell(text: str) -> Found:
    """Of a cell, with IPython's syntax."""
    try:
        plain = TransformerManager().transform_cell(text)
    except SyntaxError:
        return Found()
    return find_imports(plain)


class Finder(ast.NodeVisitor):
    """Goes through a text."""

    def __init__(self) -> None:
        self.found = Found()
        self._guards = 0
        # An offset for texts within a text.
        self._line = 0

    def _add(self, name: str, node: ast.AST, part: bool = False, level: int = 0) -> None:
        line = self._line + getattr(node, "lineno", 1)
        self.found.modules.append(Imported(name, line, self._guards > 0, part, level))

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b`."""
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a import b`, where `a.b` may be a module too."""
        module = node.module or ""
        self._add(module, node, level=node.level)
        for alias in node.names:
            if alias.name != "*":
                self._add(f"{module}.{alias.name}" if module else alias.name, node, part=True, level=node.level)

    def visit_Try(self, node: ast.Try) -> None:
        """What is imported in a body whose errors are caught may be missing."""
        catches = any(catches_missing(handler.type) for handler in node.handlers)
        self._guards += catches
        for child in node.body:
            self.visit(child)
        self._guards -= catches
        for other in [*node.handlers, *node.orelse, *node.finalbody]:
            self.visit(other)

    def visit_If(self, node: ast.If) -> None:
        """What only a type checker imports is not imported."""
        test = node.test
        name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
        if name != "TYPE_CHECKING":
            self.visit(test)
            for child in node.body:
                self.visit(child)
        for child in node.orelse:
            self.visit(child)

    def visit_Call(self, node: ast.Call) -> None:
        """Functions that import, magics, and changes of the search path."""
        self.generic_visit(node)
        name = dotted(node.func)
        words = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        first = words[0] if words and isinstance(words[0], str) else None
        if name in ("importlib.import_module", "import_module", "__import__", "importlib.__import__"):
            if first is None:
                self.found.dynamic.append(self._line + node.lineno)
            elif not first.startswith("."):
                self._add(first, node)
        elif name in ("sys.path.append", "site.addsitedir") and first is not None:
            self.found.folders.append(first)
        elif name == "sys.path.insert" and len(words) > 1 and isinstance(words[1], str):
            self.found.folders.append(words[1])
        elif name.endswith(".run_line_magic") and all(isinstance(word, str) for word in words[:2]) and len(words) > 1:
            self._line_magic(str(words[0]), str(words[1]), node)
        elif name.endswith(".run_cell_magic") and all(isinstance(word, str) for word in words) and len(words) > 2:
            self._cell_magic(str(words[0]), str(words[1]), str(words[2]), node)

    def _line_magic(self, magic: str, line: str, node: ast.Call) -> None:
        words = line.split()
        if magic in ("load_ext", "reload_ext") and words:
            self._add(words[0], node)
        elif magic in ("matplotlib", "pylab"):
            self._add("matplotlib", node)
            if magic == "pylab":
                self._add("numpy", node)
            if not words or words[0] == "inline":
                self._add("matplotlib_inline", node)
        elif magic in ("run", "load"):
            scripts = [word for word in words if word.endswith(".py")]
            self.found.files.extend(scripts[:1])
        elif magic in LINE_IS_PYTHON:
            self._inner(re.sub(r"^(?:-\w+\s*(?:\d+\s+)?)+", "", line), node)

    def _cell_magic(self, magic: str, line: str, body: str, node: ast.Call) -> None:
        if magic in RUNS_PYTHON:
            if magic in LINE_IS_PYTHON:
                self._line_magic(magic, line, node)
            self._inner(body, node)
        elif magic in WRITES_FILE and line.strip().endswith(".py"):
            self.found.written[line.strip()] = body

    def _inner(self, text: str, node: ast.Call) -> None:
        inner = find_imports_of_cell(text)
        shift = self._line + node.lineno
        for module in inner.modules:
            self.found.modules.append(
                Imported(module.name, module.line + shift, module.guarded or self._guards > 0, module.part, module.level)
            )
        self.found.dynamic.extend(line + shift for line in inner.dynamic)
        self.found.folders.extend(inner.folders)
        self.found.files.extend(inner.files)
        self.found.written.update(inner.written)


def catches_missing(kind: Optional[ast.expr]) -> bool:
    """True for `except ImportError` and wider ones."""
    if kind is None:
        return True
    names = [dotted(one) for one in kind.elts] if isinstance(kind, ast.Tuple) else [dotted(kind)]
    return any(name in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException") for name in names)


def dotted(node: Any) -> str:
    """`a.b.c`, with `()` for a call on the way; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return ""
