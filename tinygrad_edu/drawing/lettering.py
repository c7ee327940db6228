"""Text in labels of Graphviz: words made safe, and formulas as they are typeset.

Whatever a person has named goes through `safe`, the one place that escapes.
"""

from __future__ import annotations

import functools
import html
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from ..engine.naming import short
from ..engine.record import Operation
from ..formulas.expr import NABLA, Expr
from ..formulas.printer import FORMS, Printer, Text
from ..formulas.targets.latex import Paper
from ..formulas.targets.text import SUPERSCRIPTS, Unicode

# In any label these six stand for the name of a node, of the graph, of an edge's ends; they cannot be escaped.
_PLACEHOLDER = re.compile(r"\\(?=[NGETHL])")
SCRIPT = 0.75  # of the size of the line


@functools.lru_cache(4096)
def safe(raw: str) -> str:
    """What a person wrote, safe in a label and in XML: a backslash before a letter stands alone in a piece of text, and
    of a label that is a bracket alone Graphviz can make nothing."""
    return _PLACEHOLDER.sub(r"<font>\\</font>", html.escape(short(raw)).replace("]", "&#93;"))


def marked(x: Expr) -> str:
    """How a symbol is known that has a colour of its own, with whatever index."""
    return f"{x['name']}{'_' * bool(x.indices)}"


class Lettering(Paper):
    """The style of paper in labels: letters in italics, indices and exponents where they belong.

    Parameters
    ----------
    size : of the line, in points.
    marked : names that have a colour of their own, and are underlined as colours may not be seen.
    colour : that of these.
    """

    bars = False

    def __init__(self, size: float, marked: Collection[str], colour: str) -> None:
        super().__init__()
        self.size, self.marked, self.colour = size, marked, colour
        self.forms = {NABLA: self._gradient}

    def _gradient(self, printer: Printer, x: Expr) -> Text:
        """∇W is another value than W, which may be marked."""
        marked, self.marked = self.marked, ()
        text = FORMS[NABLA](printer, x)
        self.marked = marked
        return text

    def word(self, text: str) -> Any:
        return safe(text)

    places = typed = digits = word

    def symbol(self, name: str) -> Any:
        return self._coloured(self._letter(name), name)

    def indexed(self, name: str, script: str) -> Any:
        return self._coloured(self.under(self._letter(name), self.places(script)), f"{name}_")

    def _coloured(self, text: str, name: str) -> str:
        return f'<u><font color="{self.colour}">{text}</font></u>' if name in self.marked else text

    def _letter(self, name: str) -> str:
        if (parts := self.names[name]) is None:
            return safe(name)
        head, below, primes = parts
        letter = f"<i>{head}</i>" if len(head) == 1 and head.isascii() else safe(head)
        return f"{letter}{self._script('sub', safe(below)) if below else ''}{'′' * primes}"

    def _script(self, place: str, text: str) -> str:
        return f'<{place}><font point-size="{math.ceil(self.size * SCRIPT)}">{text}</font></{place}>'

    def above(self, x: Any, script: str, closed: bool = False) -> Any:
        return x + self._script("sup", safe(script.replace("-", "−")))

    def under(self, x: Any, script: Any, closed: bool = True) -> Any:
        return x + self._script("sub", script)

    def nabla(self, x: Any, order: str = "") -> Any:
        return f"∇{order.translate(SUPERSCRIPTS)}{x}"

    def hat(self, name: str) -> Any:
        return self.symbol(name) + "\u0302"

    def fence(self, x: Any, opening: str = "(", closing: str = ")") -> Any:
        return f"{safe(opening)}{x}{safe(closing)}"

    def relation(self, sign: str) -> Any:
        return f" {safe(sign)} "

    def fraction(self, above: Any, below: Any) -> Any:
        return f"{above}/{below}"

    def root(self, x: Any) -> Any:
        return f"√{x}"

    def tight(self, operation: Operation, operands: int) -> tuple[Any, Any, Any] | None:
        around = Unicode.tight(self, operation, operands)
        if around is None:
            return None
        before, between, after = around
        return safe(before), f" {safe(between)} ", safe(after)

    def called(self, operation: Operation, params: Mapping[str, Any]) -> Any:
        return safe(super().called(operation, params))
