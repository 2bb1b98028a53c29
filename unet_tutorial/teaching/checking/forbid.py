"""Enforces that an answer does without functions that the text of its exercise forbids.

A forbidden function is named by its full name, such as ``torch.nn.functional.conv_transpose2d``. It is found in the
source of the answer, and while the answer runs, under any other name and in any other function that the answer calls.
For a function of torch, all functions and tensor methods of torch with that name are forbidden. For a class, making an
object of it is forbidden.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from torch.overrides import TorchFunctionMode


class Forbidden(BaseException):
    """The answer called a forbidden function. Not an Exception, so that ``except Exception`` does not catch it."""


def sentence(name: str) -> str:
    """The sentence for the student.

    >>> sentence("torch.nn.functional.conv_transpose2d"), sentence("torch.nn.Module")
    ('this exercise forbids conv_transpose2d; do it without', 'this exercise forbids making a Module; do it without')
    """
    making = "making a " if isinstance(named_object(name), type) else ""
    return f"this exercise forbids {making}{name.rpartition('.')[2]}; do it without"


def named_object(name: str) -> Any:
    """The object with this full name. ValueError if there is none."""
    for dot in [i for i, letter in enumerate(name) if letter == "."][::-1]:
        try:
            found: Any = importlib.import_module(name[:dot])
        except ImportError:
            continue
        for part in name[dot + 1 :].split("."):
            found = getattr(found, part, None)
        if found is not None:
            return found
    raise ValueError(f"forbidden name {name!r}: there is no such function; write it as torch.nn.functional.pad")


def in_source(answer: Callable[..., Any], names: Sequence[str]) -> tuple[str, str]:
    """The first forbidden name that the source of the answer uses, and its line; empty if there is none.

    Also empty if the source is not available, as for functions of a library, and for a lambda.
    """
    if not names:
        return "", ""
    try:
        source = textwrap.dedent(inspect.getsource(answer))
        statements = ast.parse(source).body
    except (OSError, TypeError, SyntaxError):
        return "", ""
    own = [each for each in statements if getattr(each, "name", "") == answer.__name__]  # none for a lambda
    nodes = [node for each in own for part in each.body for node in ast.walk(part)]  # type: ignore[attr-defined]
    module = getattr(inspect.unwrap(answer), "__globals__", None) or vars(sys.modules.get(answer.__module__, builtins))
    known = {**vars(builtins), **module}
    for node in nodes:
        for name in names:
            if _uses(node, name, known):
                return name, source.split("\n")[node.lineno - 1].strip()  # type: ignore[attr-defined]
    return "", ""


def _uses(node: ast.AST, name: str, known: dict[str, Any]) -> bool:
    root, last = name.split(".")[0], name.rpartition(".")[2]
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] == root and last in [each.name for each in node.names]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return any(isinstance(each, ast.Constant) and each.value == last for each in node.args)
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return False
    found = _resolved(node, known)
    if found is not None:
        return found is named_object(name)
    return isinstance(node, ast.Attribute) and node.attr == last  # a method of a local variable


def _resolved(node: ast.expr, known: dict[str, Any]) -> Any:
    """The object that a dotted name stands for in the module of the answer; None if that is not known."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_resolved(node.value, known), node.attr, None)
    return None


class _TorchWatch(TorchFunctionMode):
    """Raises Forbidden for functions and tensor methods of torch with one of these names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.called: list[str] = []
        self.names = {name.rpartition(".")[2]: name for name in names if name.startswith("torch.")}

    def refuse(self, name: str) -> None:
        """Note the name and raise Forbidden."""
        self.called.append(name)
        raise Forbidden(sentence(name))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "").removeprefix("special_")  # torch.special has functions twice
        if name in self.names:
            self.refuse(self.names[name])
        return func(*args, **(kwargs or {}))


def _own_code(function: Any) -> CodeType | None:
    """The code of a Python function; None for other functions, and for closures, which share their code."""
    code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)
    return None if code is None or "<locals>" in code.co_qualname else code


@contextmanager
def forbidding(names: Sequence[str]) -> Iterator[list[str]]:
    """Raise Forbidden in the block at the first call of one of the functions, or when an object of a class is made.

    Yields a list that gets the name of each forbidden function that is called, also if the block catches the exception.
    """
    if not names:
        yield []
        return
    objects = {name: named_object(name) for name in names}
    classes = {each: name for name, each in objects.items() if isinstance(each, type)}
    codes = {code: name for name, each in objects.items() if (code := _own_code(each))}

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            called = next((name for name, each in objects.items() if each is argument), "")
        elif event == "call" and frame.f_code.co_name == "__init__":
            own = frame.f_locals.get("self")
            called = next((name for each, name in classes.items() if isinstance(own, each)), "")
        else:
            called = codes.get(frame.f_code, "") if event == "call" else ""
        if called:
            torch_watch.refuse(called)

    before, torch_watch = sys.getprofile(), _TorchWatch(names)
    with torch_watch:
        sys.setprofile(watch)
        try:
            yield torch_watch.called
        finally:
            sys.setprofile(before)
