"""Exercises: questions that correct themselves, and tell as much as is asked for."""

from __future__ import annotations

import argparse
import contextlib
import html
import inspect
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, get_args

import numpy as np

from ..comparing import Comparison
from ..comparing.closed import PRIMES, Refused, Rules
from ..comparing.compare import Hint, compared
from ..comparing.hints import LAST, STAGES
from ..comparing.scope import WHAT
from ..deriving import Formula, derive
from ..deriving.assumptions import Assumption
from ..deriving.derive import Kind
from ..deriving.jacobians import Layout
from ..deriving.symbolic import SymbolicTape
from ..drawing import draw
from ..engine.arguments import checked, demand_known
from ..engine.errors import ERRORS
from ..engine.naming import name_of
from ..engine.tensor import Tensor
from ..formulas.grammar.tokens import FormulaError
from ..formulas.normal.terms import session
from ..listing import tape
from ..showing import safe, scrolled

RIGHT, WRONG, UNMARKED = 0, 1, 2  # exit statuses
NOTHING = "There is no answer yet: write the formula between the quotes."
CLOSE = 1e-12  # relative: closer than a difference quotient comes to a derivative
MEANT = {word.lower(): word for word in WHAT.values()}


@checked
def exercise(
    loss: Tensor, wrt: Tensor | str | Sequence[Tensor | str], *, question: str | None = None,
    allow: Sequence[str] = (), forbid: Sequence[str] = (), kind: Kind = "gradient",
    names: Mapping[str, Any] | None = None, layout: Layout = "columns", assume: Sequence[Assumption] = (),
) -> Exercise:  # fmt: skip
    """Ask for the formula of a gradient, a Jacobian or a Hessian: a question that corrects itself.

    Parameters
    ----------
    loss : Tensor
        A recorded scalar; of a Jacobian any recorded result.
    wrt : Tensor or str
        What is differentiated by, as `compare` has it.
    question : str, optional
        The question in words.
    allow : sequence of str
        Gradients that an answer may have in it, by their names, such as ``"dz"`` or ``"δ2"``. All others are closed,
        unless a line of the answer defines them.
    forbid : sequence of str
        What an answer may not have in it: values by their names on the tape, functions such as ``"softmax"`` or
        ``"diag"``, and ``"′"``, the derivatives of activations in whatever notation.
    kind, names, layout, assume
        As `compare` has them.

    Returns
    -------
    Exercise
        It shows itself, with a picture of the network, and checks answers.

    Raises
    ------
    ValueError
        As `compare`; and for rules about what is not on the tape.

    Examples
    --------
    >>> import tinygrad_edu as tg
    >>> W = tg.Tensor([[0.5, -1.0], [2.0, 0.3]], requires_grad=True, name="W")
    >>> x = tg.Tensor([[1.0], [2.0]], name="x")
    >>> a = tg.tanh(W @ x).named("a")
    >>> task = tg.exercise(tg.sum(a), W, question="What is the gradient of the sum of a by W?", forbid=["′"])
    >>> print(task.check("(1 + a ** 2) @ x.T", hint=2))
    wrong: (1 + a ** 2) @ x.T
    All entries differ. The sign is wrong.
    The largest difference is 3.9, relative 11.
    hint=3 says the place of it.
    >>> task.check("dW").said[:46]
    'this is the gradient by W, which is asked for:'
    >>> bool(task.check("(1 - a ** 2) @ x.T"))
    True
    """
    if question is not None and not question.strip():
        raise ValueError("exercise: the question is empty")
    return Exercise(loss, wrt, question, Rules(tuple(allow), tuple(forbid)), kind, names, layout, tuple(assume))


class Answer:
    """An answer and what is told of it; true where it is right, in the layout that is asked for.

    Attributes
    ----------
    text : str
        The answer.
    verdict : {"right", "conditional", "wrong", "ill-shaped", "refused", "unreadable", "empty"}
    said : str
        What is told of it, in a sentence or two.
    comparison : Comparison or None
        The comparison with the engine, where there was one.
    """

    def __init__(self, text: str, verdict: str, said: str, hint: int, comparison: Comparison | None = None) -> None:
        self.text, self.verdict, self.said, self.hint, self.comparison = text, verdict, said, hint, comparison
        self.option = "hint="  # how more is asked for

    def __bool__(self) -> bool:
        otherwise = self.comparison is not None and "layout" in self.comparison.causes  # than the question has it
        return self.verdict in ("right", "conditional") and not otherwise

    def __str__(self) -> str:
        shown = str(self.comparison) if self.comparison is not None else f"{self.verdict}: {self.text}\n{self.said}"
        shown = self.said if self.verdict == "empty" else shown
        return "\n".join(filter(None, [shown, self._next()]))

    def _next(self) -> str:
        """How to be told more."""
        more = self.comparison is not None and not self and self.hint < LAST
        return f"{self.option}{self.hint + 1} says {STAGES[self.hint + 1]}." if more else ""

    def __repr__(self) -> str:
        return f"<Answer {self.verdict}: {self.said}>"

    def _repr_html_(self) -> str:
        if self.comparison is None:
            return scrolled(f"<p><b>{self.verdict}</b> {safe(self.said)}</p>")
        return self.comparison._repr_html_() + f"<p>{self._next()}</p>" * bool(self._next())


class Exercise:
    """A question about a network, which checks answers.

    Attributes
    ----------
    question : str
        The question in words.
    """

    def __init__(
        self, loss: Any, wrt: Any, question: str | None, rules: Rules, kind: Kind = "gradient",
        names: Mapping[str, Any] | None = None, layout: Layout = "columns", assume: tuple[Assumption, ...] = (),
    ) -> None:  # fmt: skip
        self._loss, self._wrt, self._rules = loss, wrt, rules
        self._as_asked: dict[str, Any] = {"kind": kind, "layout": layout, "assume": assume}
        self._names = names
        with contextlib.suppress(FormulaError):  # an empty one is refused when all else has been looked at
            self._compared("")
        self.question = inspect.cleandoc(question or f"What is the {MEANT[kind]} by {self._by()}?")

    def _by(self) -> str:
        several = self._wrt if isinstance(self._wrt, list | tuple) else [self._wrt]
        return " and ".join(each if isinstance(each, str) else name_of(each) or "it" for each in several)

    def _compared(self, text: str, hint: int = LAST) -> Comparison:
        rtol = CLOSE if self._loss.dtype == np.float64 else None
        given = {"names": self._names, "rtol": rtol, "hint": hint, "rules": self._rules, **self._as_asked}
        return compared(self._loss, self._wrt, text, **given)

    @checked
    def check(self, answer: str, hint: Hint = 0) -> Answer:
        """Check an answer, and tell as much as is asked for.

        Parameters
        ----------
        answer : str
            A formula, as `compare` reads it. It is parsed, and nothing in it is executed.
        hint : {0, 1, 2, 3, 4}
            Of a wrong answer 0 the verdict alone, 1 also where it differs, 2 the kind of mistake, 3 the place of it, 4
            the solution.

        Returns
        -------
        Answer
            True where it is right. Whatever the answer is, there is no error.
        """
        demand_known("check", "hint", hint, get_args(Hint))
        answer = textwrap.dedent(answer).strip()
        if not any(line.split("#")[0].strip() for line in answer.splitlines()):
            return Answer(answer, "empty", NOTHING + self._told(hint), hint)
        try:
            found = self._compared(answer, hint)
        except FormulaError as error:
            verdict = "refused" if isinstance(error, Refused) else "unreadable"
            return Answer(answer, verdict, error.said + self._told(hint), hint)
        return Answer(answer, found.verdict, found.diagnosis, hint, found)

    def _told(self, hint: int) -> str:
        """The solution, where it is asked for and there is no formula to mend."""
        try:
            return f"\nThe solution: {self.solution}" if hint == LAST else ""
        except (*ERRORS, RuntimeError) as error:  # a rule of the user's own may not be read on symbols
            return f"\n{error}"

    @cached_property
    def solution(self) -> Formula:
        """The formula that is asked for, as `derive` has it."""
        return derive(self._loss, self._wrt, **self._as_asked)

    def main(self, answer: str) -> NoReturn:
        """Check the answer in a file that is run, print what is told of it, and exit: with 0 where it is right, 1 where
        it is wrong, 2 where there is none or it cannot be read. ``--hint 2`` on the command line asks for more."""
        parser = argparse.ArgumentParser(description=self.question)
        parser.add_argument("--hint", type=int, choices=get_args(Hint), default=0, help="how much is told")
        found = self.check(answer, parser.parse_args().hint)
        found.option = "--hint "
        print(*[f"{self}\n"] * (found.verdict == "empty"), found, sep="\n")
        sys.exit(RIGHT if found else WRONG if found.comparison is not None else UNMARKED)

    def export(self, path: str | bytes | os.PathLike[str]) -> None:
        """Write it into a file for those who solve it: a program (.py), a notebook (.ipynb) or a page (.html).

        The program records the tape again, with its numbers; nothing of the solution is in the file.

        Raises
        ------
        ValueError
            For another suffix, an operation of your own, more than 10,000 numbers.
        OSError
            Where the file cannot be written.
        """
        from .export import export

        export(self, path)

    # --- to be shown ---

    def __repr__(self) -> str:
        return f"<Exercise: {self.question.splitlines()[0]}>"

    def __str__(self) -> str:
        return f"{self.question}\n\n{self._given()}\n{tape(self._loss)}\n\n{self._usable()}"

    def _given(self) -> str:
        """What is given, with shapes: parameters, inputs, targets."""
        with session({}):
            given = SymbolicTape(self._loss, set()).given
        numbers = [f"{name} = {value}" for name, value in (self._names or {}).items() if isinstance(value, int | float)]
        arrays = [f"{name} {x.shape or 'a number'}" for name, x in given.items()]
        return f"Given: {', '.join([*arrays, *numbers])}"

    def _usable(self) -> str:
        """What may be used, and what may not."""
        slopes = "" if PRIMES & set(self._rules.forbid) else ", derivatives of activations such as σ′(z)"
        closed = [each for each in self._rules.forbid if each not in PRIMES]
        closed += ["derivatives of activations"] * (not slopes)
        opened = f" Of the gradients {', '.join(self._rules.allow)} may be used." if self._rules.allow else ""
        without = f" Write it without {', '.join(closed)}." if closed else ""
        return f"You may use all that has a name{slopes}, and lines of your own.{without}{opened}"

    def _repr_html_(self) -> str:
        """The question, a picture of the network, or its tape where there is no Graphviz, and what is given."""
        title, *asked = [html.escape(each) for each in self.question.split("\n\n")]
        said = "".join(f"<p>{each}</p>" for each in [f"<b>{title}</b>" if asked else title, *asked])
        picture = draw(self._loss, values=False)._repr_mimebundle_(include=["text/html"]).get("text/html")
        drawn = str(picture or tape(self._loss)._repr_html_())
        return scrolled(said, drawn, *(f"<p>{safe(each)}</p>" for each in (self._given(), self._usable())))
