"""Each operator on a few lines: the mistakes that it makes of them, all of them Python."""

from __future__ import annotations

import ast
import textwrap

import pytest

from harness.hunting.mutants.operators import all_operators, mutations
from harness.hunting.mutants.operators.source import Source
from harness.hunting.mutants.task import Mutant

CLASS = "class C:\n    a: int = 0\n    b: int = 0\n    def f(self):\n        "


def made(kind: str, text: str) -> list[str]:
    """What an operator makes of a source, as a person would see it: the changed lines, without their indentation."""
    data = text.encode()
    found = []
    for name, mutation in mutations(Source(data)):
        if name == kind:
            edits = tuple((edit.start, edit.end, edit.new) for edit in mutation.edits)
            mutant = Mutant(file="x.py", kind=kind, function="", line=mutation.line, edits=edits)
            ast.parse(mutant.source(data))
            found.append(" | ".join(line.strip() for line in mutant.changed_lines(data)[1]))
    return found


def function(body: str, head: str = "async def f(a, b):") -> str:
    return f"import asyncio\n{head}\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"


SAMPLES = {  # kind: (source, the mistakes in it)
    "and-or-or": (function("return a and b"), ["return a or b"]),
    "argument-forgotten": (function("g(a, x=1, y=b)"), ["g(a, y=b)", "g(a, x=1)"]),
    "arithmetic-replaced": (function("return a + b"), ["return a - b"]),
    "attribute-replaced": (f"{CLASS}return self.a\n", ["return self.b"]),
    "await-dropped": (function("await g(a)"), ["g(a)"]),
    "await-moved": (function("await g()\na.h()"), ["a.h() | await g()"]),
    "bound-off-by-one": (function("return a < b"), ["return a <= b"]),
    "bound-reversed": (function("return min(a, b)"), ["return max(a, b)"]),
    "branch-dropped": (function("if a:\n    g()"), ["if False:"]),
    "break-or-continue": (function("for x in a:\n    break"), ["continue"]),
    "cancel-forgotten": (function("a.cancel()\nb.go()"), ["pass"]),
    "checked-before-lock": (
        function("async with a:\n    if b:\n        return\n    g()"),
        ["if b: | return | async with a: | pass"],
    ),
    "comparison-negated": (function("return a is b"), ["return a is not b"]),
    "condition-negated": (function("if a:\n    g()"), ["if not a:"]),
    "condition-part-dropped": (
        function("return a and b and c"),
        ["return b and c", "return a and c", "return a and b"],
    ),
    "copy-forgotten": (function("for x in list(a):\n    g()"), ["for x in a:"]),
    "exception-missed": (function("try:\n    g()\nexcept (A, B):\n    h()"), ["except (B,):", "except (A,):"]),
    "exception-not-caught": (function("try:\n    g()\nexcept A:\n    h()"), ["except ():"]),
    "exception-swallowed": (
        function("await g()\nraise A"),
        ["try: | await g() | except Exception: | pass", "pass"],
    ),
    "field-dropped": (function("return {'x': a, **b}"), ["return { **b}", "return {'x': a}"]),
    "first-time-only": (
        f"{CLASS}self.a = 1\n",
        ['if not vars(self).get("_done_once"): | vars(self)["_done_once"] = True | self.a = 1'],
    ),
    "key-part-dropped": (function("return a[(b, 1)]"), ["return a[(None, 1)]"]),
    "lock-forgotten": (function("async with a:\n    g()"), ["if True:"]),
    "loop-skipped": (function("for x in a:\n    g()"), ["for x in []:"]),
    "not-the-first-time": (
        f"{CLASS}self.a = 1\n",
        ['if vars(self).get("_done_once"): | self.a = 1 | else: | vars(self)["_done_once"] = True'],
    ),
    "not-waited-for": (function("await g(a)"), ["asyncio.ensure_future(g(a))"]),
    "number-off-by-one": (function("return a[0]"), ["return a[ 1]", "return a[ -1]"]),
    "slice-off-by-one": (function("return a[b:]"), ["return a[(b) + 1:]", "return a[(b) - 1:]"]),
    "stale-after-await": (
        function("await g()\nif a.open():\n    h()"),
        ["_as_it_was = a.open() | await g() | if _as_it_was:"],
    ),
    "statement-dropped": (function("g()\nreturn a"), ["pass"]),
    "statements-swapped": (function("g()\nh()"), ["h() | g()"]),
    "too-much-caught": (function("try:\n    await g()\nexcept A:\n    h()"), ["except BaseException:"]),
    "truth-reversed": (function("return True"), ["return False"]),
    "variable-replaced": (function("return a", "def f(a: int, b: int, c: str):"), ["return b"]),
}


@pytest.mark.parametrize("kind", all_operators())
def test_an_operator_makes_the_mistakes_of_its_kind_and_only_python(kind: str) -> None:
    source, expected = SAMPLES[kind]
    assert sorted(made(kind, source)) == sorted(expected)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        pytest.param("stale-after-await", function("await g()\nreturn a.x"), id="an attribute that nothing sets"),
        pytest.param(
            "stale-after-await", function("a = await g()\nif a.x():\n    h()"), id="what the await itself gave"
        ),
        pytest.param(
            "statement-dropped", function("self._journal('x')\nlog.info('y')"), id="what only tells something"
        ),
        pytest.param("key-part-dropped", function("a, b = b, a"), id="no key, but two values"),
        pytest.param("number-off-by-one", "SIZE = 16\n", id="outside of functions"),
        pytest.param("too-much-caught", function("try:\n    g()\nexcept A:\n    h()"), id="where nothing is awaited"),
        pytest.param("first-time-only", function("self.a = 1", "def f(self):"), id="no method"),
        pytest.param(
            "first-time-only", "@dataclass(slots=True)\n" + CLASS + "self.a = 1\n", id="an object that holds no flag"
        ),
        pytest.param(
            "attribute-replaced",
            "class C:\n    a: int\n    b: str\n    def f(self):\n        return self.a\n",
            id="types",
        ),
        pytest.param("arithmetic-replaced", "def f(a: int | None) -> int | None:\n    return a\n", id="annotations"),
    ],
)
def test_what_is_no_mistake_is_not_made(kind: str, source: str) -> None:
    assert made(kind, source) == []


def test_a_try_is_a_run_that_comes_to_the_statement() -> None:
    source = function("g()\nif a:\n    h(\n        1,\n    )\nelif b:\n    k()")
    lines = {mutation.line for kind, mutation in mutations(Source(source.encode())) if kind == "number-off-by-one"}
    assert lines == {5}
    lines = {mutation.line for kind, mutation in mutations(Source(source.encode())) if kind == "branch-dropped"}
    assert lines == {4, 8}


def test_text_beyond_ascii_moves_no_place() -> None:
    assert made("arithmetic-replaced", "def f(a):\n    return 'ü€😀', a + 1\n") == ["return 'ü€😀', a - 1"]
    assert made("variable-replaced", "def f(a: int, é: int):\n    return '€', a\n") == ["return '€', é"]
