"""Functions of a program in NumPy, written out where they are called."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Mapping


class Inlining(ast.NodeTransformer):
    """Names and calls replaced by expressions."""

    def __init__(self, names: Mapping[str, ast.expr], functions: Mapping[str, ast.Lambda]) -> None:
        self.names, self.functions = names, functions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.names.get(node.id, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = self.functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if function is None:
            return node
        names = [each.arg for each in function.args.args]
        if node.keywords or len(names) != len(node.args):
            raise ValueError("a call with other arguments")
        inner = Inlining(dict(zip(names, node.args, strict=True)), {})
        return inner.visit(copy.deepcopy(function.body))  # type: ignore[no-any-return]


def written_out(text: str) -> str:
    r"""A program whose functions are lines ``name = …`` and ``return …``, with these where the functions are called;
    any other text as it is.

    >>> print(written_out("def f(x):\n    y = x + 1\n    return y * y\n\ndef g(W):\n    return f(2 * W)"))
    return (2 * W + 1) * (2 * W + 1)
    """
    functions: dict[str, ast.Lambda] = {}
    try:
        *rest, last = ast.parse(text).body
        for each in rest:
            if isinstance(each, ast.FunctionDef):
                functions[each.name] = _expression(each, functions)
            elif not isinstance(each, ast.Import):
                return text
        if not functions:
            return text
        lines = last.body if isinstance(last, ast.FunctionDef) else [last]
        return "\n".join(ast.unparse(Inlining({}, functions).visit(line)) for line in lines if not _is_docstring(line))
    except (SyntaxError, ValueError, RecursionError):
        return text


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _expression(function: ast.FunctionDef, functions: Mapping[str, ast.Lambda]) -> ast.Lambda:
    """A function as one expression. ValueError where it is more than that."""
    names: dict[str, ast.expr] = {}
    own = {each.arg for each in function.args.args} | {"np"} | functions.keys()
    for line in function.body[_is_docstring(function.body[0]) :]:
        used = {each.id for each in ast.walk(line) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        if any(name not in own | names.keys() and not hasattr(builtins, name) for name in used):
            break  # a name from outside may mean another value where the function is called
        if isinstance(line, ast.Return) and line.value is not None and not function.args.defaults:
            return ast.Lambda(function.args, Inlining(names, functions).visit(line.value))
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            break
        names[line.targets[0].id] = Inlining(names, functions).visit(line.value)
    raise ValueError("more than an expression")
