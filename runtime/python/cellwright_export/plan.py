"""What of a notebook goes where: imports to the top, functions and classes to a module of their own, the rest into a function a cell.

A definition is taken out of its cell when it makes no difference that it is made earlier and elsewhere. What its body reads of the
notebook's variables is put into its module whenever a cell gives them a value: these are the shared variables.
"""

from __future__ import annotations

import ast
import importlib.machinery
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Optional

from .cells import BUILTINS, DEFINITIONS, Cell, Definition, Imported, Problem, imports_in, is_future, is_star
from .scopes import FUNCTIONS, Names, names_of, outside_functions

# What functions of a package see of themselves, and what only a notebook has.
_OF_MODULE = frozenset({"__file__", "__spec__", "__loader__", "__package__"})
_OF_NOTEBOOK = frozenset({"get_ipython", "In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh"})
_LEAVE_OUT = "Take it out, or leave the cell out with the tag skip."
_BY_TEXT = frozenset({"eval", "exec", "globals", "locals", "vars", "dir"})
# Calls in a definition that give the same whenever they are made.
_PURE_BUILTINS = frozenset(
    [
        "property",
        "staticmethod",
        "classmethod",
        "frozenset",
        "tuple",
        "dict",
        "list",
        "set",
        "object",
        "super",
        "type",
        "int",
        "float",
        "str",
        "bool",
        "bytes",
        "range",
        "len",
        "sorted",
        "min",
        "max",
        "sum",
        "abs",
        "round",
        "zip",
        "enumerate",
        "slice",
    ]
)
_PURE_MODULES = frozenset(
    [
        "functools",
        "dataclasses",
        "typing",
        "abc",
        "enum",
        "collections",
        "re",
        "contextlib",
        "pathlib",
        "operator",
        "decimal",
        "fractions",
        "string",
        "math",
    ]
)
# What takes a function and is done with it when it returns.
_DONE_FUNCTIONS = frozenset(
    ["sorted", "min", "max", "sum", "any", "all", "list", "tuple", "set", "dict", "frozenset", "print", "len", "str"]
)
_DONE_METHODS = frozenset(
    ["apply", "applymap", "transform", "agg", "aggregate", "assign", "pipe", "sort", "sort_values", "join", "update", "extend"]
)


@dataclass
class Binder:
    """A place where a cell binds a name."""

    cell: Cell
    statement: ast.stmt
    kind: str
    imported: Optional[Imported] = None


@dataclass
class Plan:
    """What was decided."""

    cells: list[Cell]
    binders: dict[str, list[Binder]] = field(default_factory=dict)
    # Names that imports at the top bind, with the statements, in the notebook's order.
    hoisted: dict[str, list[Imported]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    futures: list[str] = field(default_factory=list)
    # Taken out of their cells, in the notebook's order.
    moved: dict[str, Definition] = field(default_factory=dict)
    homes: dict[str, Cell] = field(default_factory=dict)
    # Why a definition stays in its cell.
    stays: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    # What the module of the definitions is called in that of the functions.
    alias: str = "definitions"
    problems: list[Problem] = field(default_factory=list)

    def is_variable(self, name: str) -> bool:
        """True when it is neither an import at the top, nor a definition that was taken out, nor unknown."""
        return name in self.binders and name not in self.hoisted and name not in self.moved

    def is_taken_out(self, statement: ast.stmt) -> bool:
        """True for a statement that no cell's function has."""
        if is_star(statement) or is_future(statement):
            return True
        if isinstance(statement, DEFINITIONS):
            return self.moved.get(statement.name) is statement
        names = imports_in(statement)
        return bool(names) and all(imported.name in self.hoisted for imported in names)

    def refuse(self, cell: Cell, node: Optional[ast.AST], message: str, help: str) -> None:
        """The cell cannot be a function."""
        self.problems.append(Problem(cell.id, getattr(node, "lineno", 1) - 1, message, help))


def make_plan(cells: list[Cell], folder: str) -> Plan:
    """Decide, for cells whose modules are looked for in `folder` first."""
    plan = Plan(cells)
    plan.problems += [cell.invalid for cell in cells if cell.invalid is not None]
    for cell in cells:
        for statement in cell.body:
            _note(plan, cell, statement)
    if plan.alias in plan.binders:
        plan.alias = "definitions_of_the_notebook"
    _refuse_what_needs_a_notebook(plan)
    _hoist(plan, folder)
    _move(plan)
    _refuse_late_readers(plan)
    return plan


def _note(plan: Plan, cell: Cell, statement: ast.stmt) -> None:
    imports = imports_in(statement)
    names = names_of([statement])
    for imported in imports:
        plan.binders.setdefault(imported.name, []).append(Binder(cell, statement, "import", imported))
    kind = "definition" if isinstance(statement, DEFINITIONS) else "other"
    for name in () if imports else names.bound:
        plan.binders.setdefault(name, []).append(Binder(cell, statement, kind))
    for name in names.written:
        plan.binders.setdefault(name, []).append(Binder(cell, statement, "function"))
    if any(_names_main(node) for node in ast.walk(statement)):
        plan.refuse(cell, statement, "it looks at the module __main__, which the notebook's variables are not in", "Name the variables.")
    if isinstance(statement, ast.Global):
        plan.refuse(cell, statement, "a global statement outside of a function", "Remove it: in a cell it does nothing.")
    if is_star(statement):
        plan.stars.append(ast.unparse(statement))
    elif is_future(statement):
        plan.futures.append(ast.unparse(statement))
        if cell is not plan.cells[0]:
            plan.refuse(cell, statement, f"{ast.unparse(statement)} counts from its cell on", "Put it into the first cell.")
    elif any(is_star(node) for node in ast.walk(statement)):
        plan.refuse(cell, statement, "import * inside another statement", "Name what is imported.")


def _names_main(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == "__main__" for alias in node.names)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "__main__"
    return isinstance(node, ast.ImportFrom) and node.module == "__main__"


def _refuse_what_needs_a_notebook(plan: Plan) -> None:
    for cell in plan.cells:
        for name in sorted(cell.names.used):
            binders = [binder for binder in plan.binders.get(name, ()) if binder.cell.number <= cell.number]
            if name in ("display", "update_display") and all(_is_of_ipython(binder) for binder in binders):
                if (shown := _shown_again(cell)) is not None:
                    plan.refuse(cell, shown, "it changes what it has displayed, which only a notebook can", "Print what there is to see.")
                continue
            if binders:
                continue
            place = next((node for node in ast.walk(ast.Module(cell.body, [])) if isinstance(node, ast.Name) and node.id == name), None)
            if name in _OF_NOTEBOOK:
                plan.refuse(
                    cell, place, f"it uses {name}, which only a notebook has", "Take it out, or leave the cell out with the tag skip."
                )
            elif name in _OF_MODULE:
                plan.refuse(
                    cell, place, f"it reads {name}, which a notebook does not have and a module does", "Give the path in another way."
                )
            elif name in _BY_TEXT and not _takes_an_argument(cell, name):
                plan.refuse(cell, place, f"it calls {name}, which sees other names in a function", "Name the variables.")


def _is_of_ipython(binder: Binder) -> bool:
    return binder.imported is not None and binder.imported.module.split(".")[0] == "IPython"


def _shown_again(cell: Cell) -> Optional[ast.AST]:
    """A call of `display` whose result is used, or that has an id, or a change of what was displayed."""
    nodes = [node for statement in cell.body for node in ast.walk(statement)]
    plain = [node.value for node in nodes if isinstance(node, ast.Expr)]
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        has_id = any(word.arg in ("display_id", "handle", None) for word in node.keywords)
        if node.func.id == "update_display" or (node.func.id == "display" and (has_id or node not in plain)):
            return node
    return None


def _takes_an_argument(cell: Cell, name: str) -> bool:
    """`vars(x)` and `dir(x)` see nothing of the notebook; their likes without an argument, and `eval`, do."""
    calls = [node for statement in cell.body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    mine = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == name]
    return name in ("vars", "dir") and bool(mine) and all(node.args for node in mine)


# Imports.


def _hoist(plan: Plan, folder: str) -> None:
    unsettled = False
    late: set[str] = set()
    for cell in plan.cells:
        for statement in cell.body:
            for imported in imports_in(statement):
                if unsettled or not _is_there(imported.module, folder):
                    late.add(imported.name)
        unsettled = unsettled or cell.unsettles
    for name, binders in plan.binders.items():
        found = [binder.imported for binder in binders if binder.imported is not None]
        same = {(imported.module.split(".")[0] if _is_package(imported) else imported.statement) for imported in found}
        if len(found) == len(binders) and len(same) == 1 and name not in late and name not in BUILTINS:
            known: list[Imported] = []
            for imported in found:
                if imported.statement not in [other.statement for other in known]:
                    known.append(imported)
            plan.hoisted[name] = known


def _is_package(imported: Imported) -> bool:
    return imported.member is None and imported.name == imported.module.split(".")[0]


def _is_there(module: str, folder: str) -> bool:
    """True when a module can be found without running anything."""
    first = module.split(".")[0]
    if first == "" or first == "this":
        return False
    if first in sys.builtin_module_names or first in getattr(sys, "stdlib_module_names", ()):
        return True
    return importlib.machinery.PathFinder.find_spec(first, [folder, *sys.path[1:]]) is not None


# Definitions.


def _move(plan: Plan) -> None:
    candidates: dict[str, tuple[Definition, Cell]] = {}
    for name, binders in plan.binders.items():
        definitions = [(binder.statement, binder.cell) for binder in binders if isinstance(binder.statement, DEFINITIONS)]
        if len(definitions) == len(binders) == 1 and binders[0].kind == "definition":
            candidates[name] = definitions[0]  # type: ignore[assignment]
        else:
            for definition, _cell in definitions:
                if getattr(definition, "name", "") == name:
                    plan.stays[name] = "it is bound more than once"
    while True:
        reasons = {name: why for name, (node, _) in candidates.items() if (why := _reason_to_stay(plan, node, candidates)) is not None}
        if not reasons:
            break
        plan.stays.update(reasons)
        for name in reasons:
            del candidates[name]
    order = sorted(candidates, key=lambda name: (candidates[name][1].number, candidates[name][0].lineno))
    plan.moved = {name: candidates[name][0] for name in order}
    plan.homes = {name: candidates[name][1] for name in order}
    for definition in plan.moved.values():
        plan.shared |= {name for name in names_of([definition]).deferred | _named_in_text(definition) if plan.is_variable(name)}
    for name, why in plan.stays.items():
        for binder in plan.binders[name]:
            if isinstance(binder.statement, ast.ClassDef) and binder.statement.name == name:
                help = "Define it once, from imports and other definitions alone."
                plan.refuse(binder.cell, binder.statement, f"the class {name} cannot stand in a module: {why}", help)


def _named_in_text(definition: Definition) -> set[str]:
    """Names after an `@` in a text, which pandas looks up."""
    texts = [node.value for node in ast.walk(definition) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {name for text in texts for name in re.findall(r"@([A-Za-z_]\w*)", text)}


def _reason_to_stay(plan: Plan, node: Definition, candidates: dict[str, tuple[Definition, Cell]]) -> Optional[str]:
    names = names_of([node])
    known = candidates.keys() | plan.hoisted.keys()
    if node.name in BUILTINS:
        return f"{node.name} is the name of a builtin"
    if "__name__" in names.used:
        return "it reads __name__"
    if names.written:
        return f"it changes {min(names.written)}, a variable of the notebook"
    for name in sorted(names.read - {node.name}):
        if name not in known and (name not in BUILTINS or name in plan.binders) and not (plan.stars and name not in plan.binders):
            return f"it needs {name} when it is defined"
    call = next((call for call in _calls_when_defined(node) if not _is_pure(call.func, plan)), None)
    if call is not None:
        return f"it calls {ast.unparse(call.func)} when it is defined"
    for mark in _decorators(node):
        found = candidates.get(mark.id, (None, None))[0] if isinstance(mark, ast.Name) else None
        if found is not None and not _only_wraps(found):
            return f"its decorator {found.name} acts when it is defined"
    if isinstance(node, ast.ClassDef):
        return _acting_base(node, candidates)
    return None


def _decorators(node: Definition) -> Iterator[ast.expr]:
    yield from node.decorator_list
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, DEFINITIONS):
                yield from _decorators(member)


def _only_wraps(decorator: Definition) -> bool:
    """True for a function that defines another one and returns it, or a class, whose making is no more than that of an object."""
    plain = (ast.Return, ast.Expr, ast.Pass, *DEFINITIONS)
    for statement in decorator.body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not isinstance(statement, plain) or (isinstance(statement, ast.Expr) and not is_text):
            return False
        if isinstance(statement, ast.Return) and any(isinstance(part, ast.Call) for part in ast.walk(statement)):
            return False
    return isinstance(decorator, ast.FunctionDef)


def _acting_base(node: ast.ClassDef, candidates: dict[str, tuple[Definition, Cell]]) -> Optional[str]:
    for base in node.bases:
        found = candidates.get(base.id, (None, None))[0] if isinstance(base, ast.Name) else None
        if isinstance(found, ast.ClassDef):
            if any(getattr(member, "name", "") == "__init_subclass__" for member in found.body):
                return f"its base {found.name} acts when it is defined"
            if (why := _acting_base(found, candidates)) is not None:
                return why
    return None


def _calls_when_defined(node: Definition) -> Iterator[ast.Call]:
    """Calls that the definition itself makes: decorators with arguments, default values, bases, and the body of a class."""
    places: list[ast.AST] = [*node.decorator_list]
    if isinstance(node, ast.ClassDef):
        places += [*node.bases, *node.keywords]
        for member in node.body:
            if isinstance(member, DEFINITIONS):
                yield from _calls_when_defined(member)
            else:
                places.append(member)
    else:
        arguments = node.args
        places += [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
    for place in places:
        yield from (found for found in outside_functions(place) if isinstance(found, ast.Call))


def _is_pure(callee: ast.expr, plan: Plan) -> bool:
    root: ast.AST = callee
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    if root.id in plan.hoisted:
        modules = {imported.module.split(".")[0] for imported in plan.hoisted[root.id]}
        return modules <= _PURE_MODULES or _is_decorator(callee, plan)
    return root.id in _PURE_BUILTINS and root.id not in plan.binders


def _is_decorator(callee: ast.expr, plan: Plan) -> bool:
    """Libraries' decorators wrap what they are given."""
    definitions = [node for cell in plan.cells for statement in cell.body for node in ast.walk(statement) if isinstance(node, DEFINITIONS)]
    return any(isinstance(mark, ast.Call) and mark.func is callee for node in definitions for mark in node.decorator_list)


# Functions that stay in their cells keep what their variables are there.


def _refuse_late_readers(plan: Plan) -> None:
    for cell in plan.cells:
        kept = [statement for statement in cell.body if not plan.is_taken_out(statement)]
        names = names_of(kept)
        _refuse_writers(plan, cell, kept, names)
        for name in sorted(_read_later(kept)):
            others = [binder.cell for binder in plan.binders.get(name, ()) if plan.is_variable(name)]
            later = next((other for other in others if other.number > cell.number), None)
            if later is not None:
                help = f"Give it to the function as an argument, or use another name in cell [{later.number}]."
                message = f"a function of this cell reads {name}, which cell [{later.number}] binds later"
                plan.refuse(cell, _first_use(kept, name), message, help)


def _refuse_writers(plan: Plan, cell: Cell, kept: list[ast.stmt], names: Names) -> None:
    for name in sorted(names.written):
        help = f"Give {name} to the function as an argument, and return it."
        nodes = [node for statement in kept for node in ast.walk(statement)]
        place = next((node for node in nodes if isinstance(node, ast.Global) and name in node.names), None)
        plan.refuse(cell, place, f"a function changes {name}, a variable of the notebook", help)


def _first_use(statements: list[ast.stmt], name: str) -> Optional[ast.AST]:
    nodes = [node for statement in statements for node in ast.walk(statement)]
    for node in nodes:
        if isinstance(node, ast.Name) and node.id == name:
            return node
    return None


def _read_later(statements: list[ast.stmt]) -> set[str]:
    """Names that a function reads which may still be called when the cell has ended."""
    found: set[str] = set()
    for statement in statements:
        for node in _lasting(statement):
            piece: ast.stmt = node if isinstance(node, ast.stmt) else ast.Expr(node)  # type: ignore[arg-type]
            found |= names_of([piece]).deferred
    return found


def _lasting(node: ast.AST) -> Iterator[ast.AST]:
    """Functions and generators below, but for those given to a call that is done with them when it returns."""
    if isinstance(node, (*FUNCTIONS, ast.GeneratorExp, ast.ClassDef)):
        yield node
        return
    done: list[ast.AST] = []
    if isinstance(node, ast.Call):
        callee = node.func
        is_done = isinstance(callee, ast.Name) and callee.id in _DONE_FUNCTIONS
        if is_done or (isinstance(callee, ast.Attribute) and callee.attr in _DONE_METHODS):
            done = [argument for argument in [*node.args, *(word.value for word in node.keywords)] if _is_nameless(argument)]
    for child in ast.iter_child_nodes(node):
        inner = child.value if isinstance(child, ast.keyword) else child
        if inner not in done:
            yield from _lasting(inner)


def _is_nameless(node: ast.AST) -> bool:
    return isinstance(node, (ast.Lambda, ast.GeneratorExp))
