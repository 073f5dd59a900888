"""The files of the package."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .cells import Cell, Definition, Imported
from .plan import Plan
from .scopes import bound_for_certain, names_of, outside_functions, waits
from .texts import Unwritable, body_lines, definition_text, is_faithful, own_lines, trimmed
from .types import Annotations

_CODE_AS_IT_WAS = "# The code of the cells is as it was written.\n# ruff: noqa"
_WIDTH = 88
_DISPLAY = '''"""What `display` is outside of a notebook."""


def display(*things: object, **_options: object) -> None:
    """Print the things, as IPython does where there is no notebook."""
    print(*things)
'''


@dataclass
class Function:
    """A cell as a function."""

    cell: Cell
    name: str
    inputs: list[str]
    outputs: list[str]
    is_async: bool
    text: str = ""


@dataclass
class Request:
    """What is to be written."""

    name: str
    package: str
    parameters: list[dict[str, Any]]
    # The cell after which parameters are given; empty when it is before the first.
    parameters_cell: str
    annotations: Annotations
    functions: list[Function] = field(default_factory=list)


def write_package(plan: Plan, request: Request) -> dict[str, str]:
    """The files by name; what cannot be written is among the problems of the plan."""
    request.functions = _functions(plan, request)
    files = {
        "__init__.py": _init(plan, request),
        "__main__.py": _main_module(request),
        "pipeline.py": _pipeline(plan, request),
        "tasks.py": _tasks(plan, request),
    }
    if plan.moved or plan.shared:
        files["definitions.py"] = _definitions(plan, request)
    if _needs_display(plan):
        files["display.py"] = _DISPLAY
    return files


# A function a cell.


def _functions(plan: Plan, request: Request) -> list[Function]:
    found: list[Function] = []
    # Variables that some cell before has given.
    given: set[str] = set()
    taken = {"main", *plan.moved, *plan.hoisted}
    for cell in plan.cells:
        try:
            lines, kept = body_lines(plan, cell)
        except Unwritable as error:
            plan.refuse(cell, error.node, str(error), error.help)
            continue
        lines, kept = _without_docstring_alone(lines, kept)
        if all(isinstance(statement, ast.Pass) for statement in kept):
            continue
        function = Function(cell, cell.function, *_signature(plan, cell, kept, given), waits(kept))
        if function.name in taken or keyword.iskeyword(function.name):
            function.name = f"task_{cell.number:02}_{function.name}"
        taken.add(function.name)
        given = (given - _deleted(kept)) | set(function.outputs)
        function.text = _print(plan, request, function, lines)
        if not is_faithful(function.text, kept, plan.alias):
            plan.refuse(cell, kept[0], "its text changes where it is indented", "Please report it, with the cell.")
        found.append(function)
    return found


def _without_docstring_alone(lines: list[str], kept: list[ast.stmt]) -> tuple[list[str], list[ast.stmt]]:
    """A cell that is a text alone does nothing."""
    texts = all(isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) for statement in kept)
    return ([], []) if texts else (lines, kept)


def _signature(plan: Plan, cell: Cell, kept: list[ast.stmt], given: set[str]) -> tuple[list[str], list[str]]:
    names = names_of(kept)
    variables = {name for name in names.bound if plan.is_variable(name)}
    certain = bound_for_certain(kept) & variables
    later = [other for other in plan.cells if other.number > cell.number]
    wanted = {name for other in later for name in other.reads | other.changes | (other.names.deferred - other.names.bound)}
    maybe = {name for name in variables - certain if name in wanted}
    read = cell.reads | cell.changes | (names.deferred - names.bound)
    inputs = sorted(name for name in (read | maybe | (names.read - names.bound)) if name in given and plan.is_variable(name))
    deleted = _deleted(kept) - certain
    changed = [name for name in inputs if name in cell.changes and name not in variables]
    order = _order_of_binding(kept)
    bound = sorted((certain | maybe) - deleted, key=lambda name: order.get(name, 0))
    private = {name for name in bound if name.startswith("_") and name not in wanted}
    return inputs, [name for name in [*bound, *changed] if name not in private]


def _deleted(statements: Iterable[ast.stmt]) -> set[str]:
    nodes = (node for statement in statements for node in outside_functions(statement))
    return {target.id for node in nodes if isinstance(node, ast.Delete) for target in node.targets if isinstance(target, ast.Name)}


def _order_of_binding(statements: list[ast.stmt]) -> dict[str, int]:
    order: dict[str, int] = {}
    for place, statement in enumerate(statements):
        for name in sorted(names_of([statement]).bound):
            order.setdefault(name, place)
    return order


def _print(plan: Plan, request: Request, function: Function, lines: list[str]) -> str:
    cell, annotations = function.cell, request.annotations
    inputs = [f"{name}{annotations.of(cell.id, 'inputs', name)}" for name in function.inputs]
    head = f"{'async ' if function.is_async else ''}def {function.name}("
    result = annotations.result(cell.id, function.outputs)
    whole = f"{head}{', '.join(inputs)}){result}:"
    first = [whole] if len(whole) <= _WIDTH or not inputs else [head, *(f"    {text}," for text in inputs), f"){result}:"]
    added = ['    __name__ = "__main__"'] if "__name__" in names_of(cell.body).used else []
    added += [f"    {plan.alias}.{name} = {name}" for name in function.inputs if name in plan.shared]
    returned = _wrapped("    return ", function.outputs) if function.outputs else []
    notes = [f"    # {note}" for note in cell.notes]
    return "\n".join([*first, *_docstring(cell.above), *notes, *added, *trimmed(lines), *returned])


def _wrapped(head: str, names: list[str]) -> list[str]:
    """`head a, b`, or a name a line where that is too long."""
    whole = head + ", ".join(names)
    return [whole] if len(whole) <= _WIDTH else [f"{head}(", *(f"        {name}," for name in names), "    )"]


def _docstring(text: str) -> list[str]:
    escaped = re.sub(r"^#+\s+", "", text.strip()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if escaped.endswith('"'):
        escaped = escaped[:-1] + '\\"'
    lines = escaped.split("\n")
    if len(lines) == 1:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """']


# Modules.


def _import_lines(plan: Plan, names: Iterable[str], used: set[str]) -> list[str]:
    wanted = set(names)
    order: list[tuple[int, int, int, Imported]] = []
    for name in (known for known in plan.hoisted if known in wanted):
        for imported in plan.hoisted[name]:
            binder = next(found for found in plan.binders[name] if found.imported is imported)
            statement = binder.statement
            order.append((binder.cell.number, statement.lineno, len(order), imported))
    order.sort(key=lambda entry: entry[:2])
    groups: dict[tuple[str, bool], list[Imported]] = {}
    for *_place, imported in order:
        key = (imported.module, imported.name in used) if imported.member is not None else (imported.statement, imported.name in used)
        groups.setdefault(key, []).append(imported)
    lines: list[str] = []
    for (_module, is_used), members in groups.items():
        suffix = "" if is_used else "  # noqa: F401"
        if members[0].member is None:
            lines.append(members[0].statement + suffix)
        else:
            listed = [str(imported.member) + ("" if imported.member == imported.name else f" as {imported.name}") for imported in members]
            lines.append(f"from {members[0].module} import {', '.join(listed)}{suffix}")
    return lines


def _code_names(functions: Iterable[Function]) -> set[str]:
    found: set[str] = set()
    for function in functions:
        found |= names_of(ast.parse(function.text).body).used
    return found


def _tasks(plan: Plan, request: Request) -> str:
    used = _code_names(request.functions)
    types = request.annotations
    lines = [
        f'"""The cells of {request.name} as functions."""',
        "",
        _CODE_AS_IT_WAS,
        *(["", *plan.futures] if plan.futures else []),
    ]
    imports = [*_import_lines(plan, plan.hoisted, used), *dict.fromkeys(f"{star}  # noqa: F403" for star in plan.stars)]
    hints = types.imports(plan, used)
    if hints:
        imports.insert(0, "from typing import TYPE_CHECKING")
    if imports:
        lines += ["", *imports]
    own: list[str] = []
    if plan.shared:
        own.append("from . import definitions" + ("" if plan.alias == "definitions" else f" as {plan.alias}"))
    if plan.moved:
        own.append(f"from .definitions import {', '.join(_sorted(plan.moved))}")
    if _needs_display(plan):
        own.append("from .display import display")
    if own:
        lines += ["", *own]
    if hints:
        lines += ["", "if TYPE_CHECKING:", *(f"    {hint}" for hint in hints)]
    for function in request.functions:
        lines += ["", "", function.text]
    return "\n".join(lines) + "\n"


def _definitions(plan: Plan, request: Request) -> str:
    names = set[str]()
    for definition in plan.moved.values():
        names |= names_of([definition]).used
    imports = [*_import_lines(plan, [name for name in plan.hoisted if name in names], names), *dict.fromkeys(plan.stars)]
    lines = [f'"""The functions and classes of {request.name}."""', "", _CODE_AS_IT_WAS]
    if plan.shared:
        text = f"# {', '.join(sorted(plan.shared))}: variables of the notebook that functions read; the cells' functions put them here."
        lines += ["", text]
    for part in (plan.futures, imports, ["from .display import display"] if "display" in names and _needs_display(plan) else []):
        if part:
            lines += ["", *part]
    for name, definition in plan.moved.items():
        lines += ["", "", _definition(plan, name, definition)]
    return "\n".join(lines) + "\n"


def _definition(plan: Plan, name: str, definition: Definition) -> str:
    home = plan.homes[name]
    # Comments above it go with it where it has its lines alone.
    return definition_text(home, definition) if own_lines(home, definition) is not None else ast.unparse(definition)


def _needs_display(plan: Plan) -> bool:
    return "display" not in plan.binders and any("display" in cell.names.used for cell in plan.cells)


# The whole.


def _pipeline(plan: Plan, request: Request) -> str:
    functions = request.functions
    is_async = any(function.is_async for function in functions)
    parameters, kept = _parameters(request)
    names = {*kept, *(name for function in functions for name in (*function.inputs, *function.outputs))}
    module = "tasks" if "tasks" not in names else "tasks_of_the_notebook"
    lines = [f'"""{request.name} as a whole."""', "", *(["import asyncio"] if is_async else []), "from typing import Any", ""]
    shared = [name for name in kept if name in plan.shared]
    own = [_named("definitions", plan.alias)] if shared else []
    lines += [f"from . import {', '.join([*own, _named('tasks', module)])}", "", ""]
    name = "run_cells" if is_async else "main"
    lines += _head(f"{'async ' if is_async else ''}def {name}(", parameters)
    lines += ['    """Call the functions of all cells in order, as Restart & Run All does; gives the notebook\'s variables."""']
    for function in functions:
        # What `main` was given stands in place of what the cell of the parameters gives.
        replaced = set(kept) if function.cell.id == request.parameters_cell else set()
        lines += _call(function, module, replaced)
        if replaced:
            lines += [f"    {plan.alias}.{name} = {name}" for name in shared]
    final = _final(plan, functions)
    lines += ["    return {", *(f'        "{name}": {name},' for name in final), "    }"] if final else ["    return {}"]
    if is_async:
        call = ", ".join(f"{name}={name}" for name in kept)
        lines += [
            "",
            "",
            *_head("def main(", parameters),
            '    """Run all cells; see `run_cells`."""',
            f"    return asyncio.run(run_cells({call}))",
        ]
    return "\n".join(lines) + "\n"


def _named(module: str, name: str) -> str:
    return module if module == name else f"{module} as {name}"


def _head(start: str, parameters: list[str]) -> list[str]:
    listed = ["*", *parameters] if parameters else []
    whole = f"{start}{', '.join(listed)}) -> dict[str, Any]:"
    return [whole] if len(whole) <= _WIDTH else [start, *(f"    {text}," for text in listed), ") -> dict[str, Any]:"]


def _final(plan: Plan, functions: list[Function]) -> list[str]:
    """Variables whose value at the end is known: not those that a cell deletes or keeps to itself after it was given."""
    found: dict[str, None] = {}
    for function in functions:
        bound = {name for name in names_of(function.cell.body).bound if plan.is_variable(name)}
        for name in (bound | _deleted(function.cell.body)) - set(function.outputs):
            found.pop(name, None)
        found.update(dict.fromkeys(function.outputs))
    return list(found)


def _call(function: Function, module: str, replaced: set[str]) -> list[str]:
    targets = ["_" if name in replaced else name for name in function.outputs]
    call = f"{'await ' if function.is_async else ''}{module}.{function.name}"
    if not targets or set(targets) == {"_"}:
        return _call_lines("", call, function.inputs)
    whole = ", ".join(targets)
    if len(whole) > _WIDTH - 10:
        return ["    (", *(f"        {name}," for name in targets), *_call_lines(") = ", call, function.inputs)]
    return _call_lines(f"{whole} = ", call, function.inputs)


def _call_lines(start: str, call: str, inputs: list[str]) -> list[str]:
    whole = f"    {start}{call}({', '.join(inputs)})"
    return [whole] if len(whole) <= _WIDTH else [f"    {start}{call}(", *(f"        {name}," for name in inputs), "    )"]


_SIMPLE = (str, int, float, bool, type(None))


def _parameters(request: Request) -> tuple[list[str], list[str]]:
    """The parameters of `main` with their defaults, and their names."""
    texts: list[str] = []
    names: list[str] = []
    for parameter in request.parameters:
        try:
            value = ast.literal_eval(parameter["default"])
        except (ValueError, SyntaxError, TypeError):
            continue
        if type(value) in _SIMPLE:
            names.append(parameter["name"])
            annotation = "Any" if value is None else type(value).__name__
            texts.append(f"{parameter['name']}: {annotation} = {parameter['default']}")
    return texts, names


def _init(plan: Plan, request: Request) -> str:
    names = _sorted([*(function.name for function in request.functions), *(name for name in plan.moved if name != "main")])
    lines = [f'"""{request.name} as a package: `main` runs the cells in order; each is a function of `tasks`."""', ""]
    lines.append("from .pipeline import main")
    if names:
        lines += ["from .tasks import (", *(f"    {name}," for name in names), ")"]
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in _sorted(["main", *names])), "]"]
    return "\n".join(lines) + "\n"


def _sorted(names: Iterable[str]) -> list[str]:
    """Constants, then classes, then the rest, as linters sort them."""
    return sorted(names, key=lambda name: (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name))


def _main_module(request: Request) -> str:
    lines = [f'"""Runs {request.name}: `python -m {request.package}`."""', "", "from .pipeline import main", ""]
    return "\n".join([*lines, 'if __name__ == "__main__":', "    main()", ""])
