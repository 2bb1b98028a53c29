"""Functions that differ from a solution by one edit of a formula: a sum in place of a product, a square root too many.

In mutation testing such functions are called mutants. An answer that gives the results of a mutant makes its mistake.
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from unet_tutorial.teaching.checking.exercise import source_of

Edit = tuple[str, ast.expr]  # the hint, and the expression that takes the place of another one

OPERATORS: dict[type[ast.operator], tuple[tuple[type[ast.operator], str], ...]] = {
    ast.Mult: (
        (ast.Add, "you add where the right formula multiplies"),
        (ast.Div, "you divide where the right formula multiplies"),
        (ast.Sub, "you subtract where the right formula multiplies"),
    ),
    ast.Div: (
        (ast.Mult, "you multiply where the right formula divides"),
        (ast.FloorDiv, "// rounds down to a whole number; use /"),
        (ast.Sub, "you subtract where the right formula divides"),
    ),
    ast.FloorDiv: ((ast.Mult, "you multiply where the right formula divides"),),
    ast.Add: (
        (ast.Sub, "you subtract where the right formula adds"),
        (ast.Mult, "you multiply where the right formula adds"),
    ),
    ast.Sub: (
        (ast.Add, "you add where the right formula subtracts"),
        (ast.Div, "you divide where the right formula subtracts"),
    ),
}
NOUNS: dict[type[ast.operator], str] = {ast.Mult: "factor", ast.Add: "term", ast.Sub: "term"}
PRODUCTS = frozenset(("Mult", "Div", "FloorDiv", "LShift", "RShift", "Pow", "Add", "sum", "mean", "prod"))
EVERYTHING = frozenset[str]()
# A hint, its operation, and the operations and calls of which an answer that makes the mistake holds at least one.
AROUND: tuple[tuple[str, type[ast.operator], float, frozenset[str]], ...] = (
    ("there is a square root too many", ast.Pow, 0.5, frozenset(("Pow", "pow", "sqrt", "hypot", "norm", "std"))),
    ("there is a square too many", ast.Pow, 2, frozenset(("Pow", "pow", "square", "Mult", "prod", "var"))),
    ("there is a factor of 2 too much", ast.Mult, 2, PRODUCTS),
    ("there is a factor of 1/2 too much", ast.Div, 2, PRODUCTS),
    ("a value is 1 too large", ast.Add, 1, EVERYTHING),
    ("a value is 1 too small", ast.Sub, 1, EVERYTHING),
)
SIGNS: dict[type[ast.unaryop], str] = {
    ast.USub: "a minus sign is missing",
    ast.UAdd: "a plus sign is missing",
    ast.Not: "a condition is the opposite of the right one",
    ast.Invert: "a mask is the opposite of the right one",
}
LARGEST = 1000  # a larger constant may be a number of samples; it is not multiplied
ITEMS, MOST_ITEMS = "items_of_loop", 10_000
OF_LOOPS = (
    ("[:-1]", "the last item is left out"),
    ("[1:]", "the first item is left out"),
    ("[:1]", "only the first item is used; is the return inside the loop?"),
    ("[-1:]", "only the last item is used"),
    ("[::-1]", "the items are taken in reverse order"),
)
OPPOSITES = {
    "max": ("min", "you take the smallest value where the largest is needed"),
    "min": ("max", "you take the largest value where the smallest is needed"),
    "ceil": ("floor", "you round down where rounding up is needed"),
    "floor": ("ceil", "you round up where rounding down is needed"),
    "sum": ("math.prod", "you multiply where the right formula takes a sum"),
    "prod": ("sum", "you take a sum where the right formula multiplies"),
    "any": ("all", "you use all where any is needed"),
    "all": ("any", "you use any where all is needed"),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], str]] = {
    ast.Lt: (ast.LtE, "a comparison counts the limit itself; use < or > there"),
    ast.LtE: (ast.Lt, "a comparison leaves out the limit itself; use <= or >= there"),
    ast.Gt: (ast.GtE, "a comparison counts the limit itself; use < or > there"),
    ast.GtE: (ast.Gt, "a comparison leaves out the limit itself; use <= or >= there"),
}


def mutants(solution: Any) -> Iterator[tuple[str, Any]]:
    """The hint and the function of each mutant of a solution; none if the solution is a class.

    >>> from unet_tutorial.teaching.exercises.lesson_05 import fan_out_price
    >>> hint, mutant = next(mutants(fan_out_price.solution))
    >>> hint, mutant([1, 4])
    ('the division by a value is missing', 1.0)
    """
    yield from _mutants(solution, _edits)


def scaled_mutants(solution: Any, answer: Any) -> Iterator[tuple[str, Any]]:
    """The same with a value of the formula squared, doubled, and so on: for solutions that return numbers.

    Not for networks and arrays, since such a value can be a number of channels or the side of an image. A square root
    too many is no mistake of an answer without a root, even if its results fit by chance.
    """
    found = operations(answer)
    possible = [(hint, op, by) for hint, op, by, needed in AROUND if not needed or found is None or needed & found]
    yield from _mutants(solution, partial(_scalings, possible))


def operations(answer: Any) -> set[str] | None:
    """The kinds of operators and the names of functions in the source of an answer; None if that is not available.

    >>> def price(n, m):
    ...     return math.sqrt(n / m)
    >>> sorted(operations(price))
    ['Div', 'sqrt']
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError):
        return None
    operators = {type(node.op).__name__ for node in ast.walk(tree) if isinstance(node, (ast.BinOp, ast.AugAssign))}
    return operators | {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}


Edits = Iterator[tuple[ast.expr, Iterator[Edit]]]


def _mutants(solution: Any, edits_of: Callable[[ast.stmt, list[str]], Edits]) -> Iterator[tuple[str, Any]]:
    tree = ast.parse(source_of(solution))
    (function,) = tree.body
    if not isinstance(function, ast.FunctionDef):
        return
    parameters = [each.arg for each in function.args.args]
    module = {**vars(sys.modules[solution.__module__]), "math": sys.modules["math"], ITEMS: items_of_loop}
    for statement in function.body:
        for node, edits in edits_of(statement, parameters):
            for hint, replacement in edits:
                edited = ast.fix_missing_locations(copy.deepcopy(tree, {id(node): replacement}))
                defined: dict[str, Any] = {}
                exec(compile(edited, "<mutant>", "exec"), module, defined)
                yield hint, defined[function.name]


def _expressions(statement: ast.stmt) -> list[ast.expr]:
    nodes = (node for node in ast.walk(statement) if isinstance(node, ast.expr))
    return [node for node in nodes if isinstance(getattr(node, "ctx", ast.Load()), ast.Load)]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _scalings(scales: Sequence[tuple[str, type[ast.operator], float]], statement: ast.stmt, _names: list[str]) -> Edits:
    for node in _expressions(statement):
        if not (isinstance(node, ast.Constant) and _small_number(node) is None) and isinstance(
            node, (ast.BinOp, ast.Name, ast.Call, ast.Constant)
        ):
            yield node, ((hint, ast.BinOp(node, op(), ast.Constant(by))) for hint, op, by in scales)


def _small_number(node: ast.Constant) -> int | None:
    number = node.value
    return number if isinstance(number, int) and not isinstance(number, bool) and number < LARGEST else None


def _edits(statement: ast.stmt, parameters: list[str]) -> Edits:
    """The expressions of a statement that can be edited, each with its edits; the most likely mistakes first."""
    expressions = _expressions(statement)
    for node in expressions:
        if isinstance(node, ast.Call):
            yield node, _of_call(node)
        if isinstance(node, ast.BinOp):
            yield node, _of_formula(node, parameters)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            other, hint = COMPARISONS[type(node.ops[0])]
            yield node, iter([(hint, ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators))])
        if isinstance(node, ast.IfExp):
            yield node, iter([(_CASES, node.body), (_CASES, node.orelse)])
    for loop in ast.walk(statement):
        if isinstance(loop, (ast.For, ast.comprehension)):
            yield loop.iter, _of_loop(loop.iter)
    for node in expressions:
        if isinstance(node, ast.Name) and node.id in parameters:
            others = (each for each in parameters if each != node.id)
            yield node, ((f"you use {each} where {node.id} belongs", ast.Name(each, ast.Load())) for each in others)
    if isinstance(statement, ast.Return) and statement.value is not None:
        yield statement.value, _rounded(statement.value)
    for node in expressions:
        if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
            yield node, iter([(SIGNS[type(node.op)], node.operand)])
        if isinstance(node, ast.Constant) and (number := _small_number(node)) is not None:
            yield node, _neighbours(number)


_CASES = "two cases have to be treated differently, and you treat them alike"


def _neighbours(number: int) -> Iterator[Edit]:
    for by, hint in ((1, "1 too large"), (-1, "1 too small")):
        yield f"a number is {hint}, such as an index, an axis or a side", ast.Constant(number + by)


def _of_call(node: ast.Call) -> Iterator[Edit]:
    name = _called(node)
    if name in OPPOSITES:
        other, hint = OPPOSITES[name]
        keep_module = isinstance(node.func, ast.Attribute) and name in ("ceil", "floor")
        function = ast.Attribute(node.func.value, other, ast.Load()) if keep_module else _parsed(other)  # type: ignore[attr-defined]
        yield hint, ast.Call(function, node.args, node.keywords)
    if len(node.args) == 1 and not node.keywords and name in ("sqrt", "abs", "round", "int", "ceil", "floor"):
        yield f"the call of {name} is missing", node.args[0]


def _of_formula(node: ast.BinOp, parameters: list[str]) -> Iterator[Edit]:
    left, right, operator = node.left, node.right, type(node.op)
    if operator is ast.Pow:
        yield "a power, such as a square, is missing", left
    if operator in (ast.Div, ast.FloorDiv):
        yield f"the division by {_spelled(right, parameters) or 'a value'} is missing", left
        yield "the quotient is upside down", ast.BinOp(right, node.op, left)
    if operator in NOUNS:
        for dropped, kept in ((right, left), (left, right)):
            noun, text = NOUNS[operator], _spelled(dropped, parameters)
            yield f"{f'the {noun} {text}' if text else f'a {noun}'} is missing", kept
    if operator is ast.Sub:
        yield "the difference has the wrong sign", ast.BinOp(right, node.op, left)
    for other, hint in OPERATORS.get(operator, ()):
        yield hint, ast.BinOp(left, other(), right)
    if operator in (ast.Mult, ast.Div, ast.FloorDiv):
        yield from _without_brackets(node)


def _without_brackets(node: ast.BinOp) -> Iterator[Edit]:
    """`(a + b) * c` as `a + b * c`, and `a / (b * c)` as `a / b * c`."""
    hint = "brackets are missing: * and / are computed before + and -, and from left to right"
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Add, ast.Sub)):
        yield hint, ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right))
    if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv)):
        yield hint, ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right)


def items_of_loop(items: Iterable[Any]) -> list[Any]:
    """The items as a list; ValueError if there are very many, as in a loop over ``itertools.count``."""
    first = list(islice(items, MOST_ITEMS + 1))
    if len(first) > MOST_ITEMS:
        raise ValueError(f"more than {MOST_ITEMS} items")
    return first


def _of_loop(items: ast.expr) -> Iterator[Edit]:
    """A loop over a part of its items."""
    for part, hint in OF_LOOPS:
        sliced = _parsed(f"list(0){part}")
        assert isinstance(sliced, ast.Subscript)
        yield hint, ast.Subscript(ast.Call(ast.Name(ITEMS, ast.Load()), [items], []), sliced.slice, ast.Load())


def _rounded(value: ast.expr) -> Iterator[Edit]:
    yield "the result is rounded; return it as it is", ast.Call(_parsed("round"), [value], [])
    yield "the decimals of the result are cut off; return it as it is", ast.Call(_parsed("int"), [value], [])


def _spelled(node: ast.expr, parameters: list[str]) -> str:
    """The code of a short expression of parameters and constants; empty for others, whose names are not given."""
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    text = ast.unparse(node)
    return text if len(text) <= 20 and all(each in parameters for each in names) else ""


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
