"""Functions of libraries that tell when they are called.

Only their code is replaced, by the same code with one call more: they stay the objects that everybody has, keep their names and
lines, and no frame of this program is in a traceback.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
import warnings
from typing import Any, Callable, Optional

_MARK = "\0cellwright"


def tell(function: Any, note: Callable[..., None]) -> bool:
    """From now on `function` calls `note` with its first argument before it does anything; False when that cannot be arranged."""
    if type(function) is not types.FunctionType or _tells(function):
        return False
    old = function.__code__
    inside = old.co_freevars == ("__class__",)
    if old.co_freevars and not inside:
        return False
    new = _with_call(function, old, inside)
    if new is None or new.co_freevars != old.co_freevars or new.co_varnames[: old.co_argcount] != old.co_varnames[: old.co_argcount]:
        return False
    constants = tuple(note if item == _MARK else item for item in new.co_consts)
    changes = {"co_qualname": old.co_qualname} if hasattr(old, "co_qualname") else {}
    function.__code__ = new.replace(co_consts=constants, **changes)
    return True


def _tells(function: types.FunctionType) -> bool:
    return any(isinstance(item, types.FunctionType) for item in function.__code__.co_consts)


def _with_call(function: types.FunctionType, old: types.CodeType, inside: bool) -> Optional[types.CodeType]:
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse("class _:\n" + textwrap.indent(source, " ") if inside else source)
    except (OSError, TypeError, SyntaxError):
        return None
    found = tree.body[0].body[0] if isinstance(tree.body[0], ast.ClassDef) else tree.body[0]
    if not isinstance(found, ast.FunctionDef) or found.decorator_list:
        return None
    place = 1 if ast.get_docstring(found, clean=False) is not None and len(found.body) > 1 else 0
    arguments: list[ast.expr] = [ast.Name(item.arg, ast.Load()) for item in found.args.args[:1]]
    call = ast.Expr(ast.Call(ast.Constant(_MARK), arguments, []))
    found.body.insert(place, ast.copy_location(call, found.body[place]))
    ast.fix_missing_locations(tree)
    ast.increment_lineno(tree, old.co_firstlineno - (2 if inside else 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = compile(tree, old.co_filename, "exec", dont_inherit=True)
    return _find(whole, old.co_name)


def _find(code: types.CodeType, name: str) -> Optional[types.CodeType]:
    for item in code.co_consts:
        if type(item) is types.CodeType:
            found = item if item.co_name == name else _find(item, name)
            if found is not None:
                return found
    return None
