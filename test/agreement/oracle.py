"""What CPython and IPython themselves say of cells: valid or not, and the names that each binds and reads in the module.

Reads a JSON list of sources from standard input; writes a JSON list of objects with `valid`, `skipped`, `bound`, `read` and `must`.
`read` are all names that may be looked up in the module, after `symtable`. `must` are those among them that some path through
the cell reads before the cell itself has bound them, after a walk of `ast`; reads inside functions are always among them.
"""

from __future__ import annotations

import ast
import json
import re
import symtable
import sys
import warnings
from typing import Any, Iterator

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.inputtransformer2 import TransformerManager

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Skipped(Exception):
    """The cell has a magic that runs code in another way than the module does."""


class Magics(ast.NodeTransformer):
    """Takes the calls that IPython puts in place of magics out again, and the code of `%time` in."""

    def visit_Expr(self, node: ast.Expr) -> Any:  # noqa: D102
        found = magic_call(node.value)
        if found is None:
            return node
        kind, name, line = found
        if kind == "run_line_magic" and name == "time" and line:
            return Magics().visit(ast.parse(TransformerManager().transform_cell(line))).body
        if name in ("timeit", "prun", "memit", "lprun", "mprun", "capture", "debug", "py", "pypy"):
            raise Skipped(name)
        return ast.Pass()

    def visit_Call(self, node: ast.Call) -> Any:  # noqa: D102
        if magic_call(node) is not None:
            return ast.Constant(None)
        return self.generic_visit(node)


def magic_call(node: ast.AST) -> tuple[str, str, str] | None:
    """Method, magic and line of `get_ipython().run_line_magic('time', 'f()')`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)):
        return None
    if node.func.attr not in ("run_line_magic", "run_cell_magic", "system", "getoutput", "show_usage"):
        return None
    inner = node.func.value.func
    if not (isinstance(inner, ast.Name) and inner.id == "get_ipython"):
        return None
    words = [argument.value if isinstance(argument, ast.Constant) else "" for argument in node.args]
    return node.func.attr, str(words[0]) if words else "", str(words[1]) if len(words) > 1 else ""


def transform(source: str) -> str:
    """With magics that have no `%`, which only count when no variable has their name: `hist[2]` is taken for a variable's."""
    plain = TransformerManager().transform_cell(source)
    if re.match(r"\s*\w+\s*[(\[]", source):
        return str(plain)
    return str(InteractiveShell.instance().transform_cell(source))


def automagic(source: str) -> set[str]:
    """The name that is looked up before it is taken for a magic."""
    plain = TransformerManager().transform_cell(source)
    return {source.split()[0].split("(")[0]} if plain != transform(source) else set()


def parse(source: str) -> ast.Module:
    """The cell as IPython would compile it."""
    tree = ast.parse(transform(source))
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        found = magic_call(tree.body[0].value)
        if found is not None and found[0] == "run_cell_magic":
            if found[1] != "time":
                raise Skipped(found[1])
            call = tree.body[0].value
            assert isinstance(call, ast.Call)
            body = call.args[2]
            assert isinstance(body, ast.Constant)
            return parse(str(body.value))
    return ast.fix_missing_locations(Magics().visit(tree))


def table_of(tree: ast.Module) -> symtable.SymbolTable:
    """The table of the module. The `symtable` module of Python 3.11 takes a function called `top` for the module."""
    text = ast.unparse(tree)
    copy = ast.parse(text)
    for node in ast.walk(copy):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == "top":
            node.name = "top_"
    return symtable.symtable(ast.unparse(copy), "cell", "exec")


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """A table and all below it."""
    yield table
    for child in table.get_children():
        yield from tables(child)


def names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names bound in the module and names looked up in it, wherever they stand."""
    bound: set[str] = set()
    read: set[str] = set()
    top = table_of(tree)
    for table in tables(top):
        for symbol in table.get_symbols():
            own = table is top or symbol.is_declared_global()
            if own and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (table is top or symbol.is_global()):
                read.add(symbol.get_name())
            if table.get_type() == "class" and symbol.is_referenced() and symbol.is_local():
                read.add(symbol.get_name())  # A class looks in the module too when it has not bound the name yet.
    bound -= annotated_only(tree)
    if "top_" in bound:
        bound.add("top")
        bound.discard("top_")
    for node in ast.walk(tree):  # symtable counts the target of `x += 1` and of `del x` as bound only.
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            read.add(node.id)
    return bound, read


def annotated_only(tree: ast.Module) -> set[str]:
    """Names of `x: int` that nothing binds; symtable counts them as assigned."""
    targets = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and node.value is None}
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    only = {node.id for node in named if id(node) in targets}
    return only - {node.id for node in named if id(node) not in targets}


class Flow:
    """Reads of the module's top level before the name is bound on every path."""

    def __init__(self) -> None:
        """Nothing is bound yet."""
        self.must: set[str] = set()

    def block(self, statements: list[ast.stmt], definite: set[str]) -> set[str]:
        """The names bound on every path after the statements, when `definite` are before."""
        for statement in statements:
            definite = self.statement(statement, definite)
        return definite

    def statement(self, node: ast.stmt, definite: set[str]) -> set[str]:
        """See `block`."""
        if isinstance(node, ast.If):
            definite = self.expressions([node.test], definite)
            return self.block(node.body, definite) & self.block(node.orelse, definite)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            definite = self.expressions([node.iter], definite)
            self.block(node.body, definite | stored([node.target]))
            self.expressions([node.target], definite)
            return self.block(node.orelse, definite)
        if isinstance(node, ast.While):
            definite = self.expressions([node.test], definite)
            self.block(node.body, definite)
            self.block(node.orelse, definite)
            return definite
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                definite = self.expressions([item.context_expr], definite)
                definite = definite | stored([item.optional_vars] if item.optional_vars else [])
            return self.block(node.body, definite)
        if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            return self.attempt(node, definite)
        if isinstance(node, ast.Match):
            definite = self.expressions([node.subject], definite)
            for case in node.cases:
                inside = definite | captured(case.pattern)
                self.block(case.body, self.expressions([case.guard] if case.guard else [], inside))
            return definite
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.expressions([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)], definite)
            return definite | {node.name}
        if isinstance(node, ast.ClassDef):
            self.expressions([*node.decorator_list, *node.bases, *[keyword.value for keyword in node.keywords]], definite)
            self.block(node.body, definite)
            return definite | {node.name}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return definite | {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        return self.simple(node, definite)

    def attempt(self, node: Any, definite: set[str]) -> set[str]:
        """A `try`: anything in it may be left out."""
        self.block(node.orelse, self.block(node.body, definite))
        for handler in node.handlers:
            self.expressions([handler.type] if handler.type else [], definite)
            self.block(handler.body, definite | ({handler.name} if handler.name else set()))
        return self.block(node.finalbody, definite)

    def simple(self, node: ast.stmt, definite: set[str]) -> set[str]:
        """A statement without a block."""
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id not in definite:
            self.must.add(node.target.id)
        if isinstance(node, ast.AnnAssign) and node.value is None:
            self.expressions([node.target, node.annotation], definite)
            return definite
        definite = self.expressions([node], definite)
        if isinstance(node, ast.Delete):
            return definite - {target.id for target in node.targets if isinstance(target, ast.Name)}
        return definite | stored([node])

    def expressions(self, nodes: list[Any], definite: set[str]) -> set[str]:
        """Reads in expressions, but not in functions, which run later, nor of a comprehension's own names."""
        for node in nodes:
            self.reads(node, definite)
        return definite

    def reads(self, node: ast.AST, definite: set[str]) -> None:
        """See `expressions`."""
        if isinstance(node, SCOPES):
            if isinstance(node, ast.Lambda):
                self.expressions([*node.args.defaults, *filter(None, node.args.kw_defaults)], definite)
            return
        if isinstance(node, COMPREHENSIONS):
            definite = definite | stored([generator.target for generator in node.generators])
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store) and node.id not in definite:
            self.must.add(node.id)
        for child in ast.iter_child_nodes(node):
            self.reads(child, definite)


def stored(nodes: list[Any]) -> set[str]:
    """Names that the nodes bind, not counting what is inside of a function or comprehension."""
    found: set[str] = set()
    queue = list(nodes)
    while queue:
        node = queue.pop()
        if isinstance(node, (*SCOPES, *COMPREHENSIONS, ast.BoolOp, ast.IfExp)):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        queue.extend(ast.iter_child_nodes(node))
    return found


def captured(pattern: ast.AST) -> set[str]:
    """Names that a pattern of `match` binds."""
    return {name for node in ast.walk(pattern) for name in [getattr(node, "name", None), getattr(node, "rest", None)] if name}


def in_functions(tree: ast.Module) -> set[str]:
    """Names of the module that functions look up when they are called."""
    top = table_of(tree)
    found: set[str] = set()
    for table in tables(top):
        if table.get_type() == "function" and table.get_name() not in ("listcomp", "setcomp", "dictcomp", "genexpr"):
            found.update(symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global())
    return found


def judge(source: str) -> dict[str, Any]:
    """What is said of one cell."""
    nothing: dict[str, Any] = {"valid": True, "skipped": "", "bound": [], "read": [], "must": []}
    try:
        tree = parse(source)
        bound, read = names(tree)
        read |= automagic(source)
    except Skipped as skipped:
        return {**nothing, "skipped": str(skipped)}
    except (SyntaxError, ValueError):
        return {**nothing, "valid": False}
    flow = Flow()
    flow.block(tree.body, set())
    must = (flow.must | in_functions(tree)) & read
    return {**nothing, "bound": sorted(bound), "read": sorted(read), "must": sorted(must)}


def main() -> None:
    """See the top."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(10_000)
    json.dump([judge(source) for source in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
