"""The audit's results as a page: one HTML file that needs nothing else, no network and no script to be read.

`page.css` is how it looks; `page.js` filters and searches.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from urllib.parse import quote
from xml.etree import ElementTree

from ..formulas.targets.text import SUPERSCRIPTS
from ..formulas.targets.typesetting import inline, mathml
from ..showing import table
from ..webpage import palette, webpage
from .entry import CATALOGUES, Entry, Result
from .report import proved, remarks, unlike
from .verdicts import TOLERANCE, TRIALS, VERDICTS

# A verdict is told by its words and a sign, and by its colour last: colours may not be seen.
SIGNS: Mapping[str, str] = {
    "exact": "✓", "definition": "≝", "sign error": "±", "conditional": "∗", "ill-shaped": "◇", "misprint": "¶",
    "wrong": "✗",
}  # fmt: skip
PROOFS = {"algebra": "by algebra", "numbers": "none; read twice, with the same numbers"}
OPEN = 30  # results that a notebook shows at once
INSTALL = '<code>pip install "pygraphviz&gt;=2"</code>, or Graphviz with its program <code>dot</code>'


def page(results: Sequence[Result], pictures: Mapping[str, str], seed: int) -> str:
    """The results as one self-contained page of HTML.

    Parameters
    ----------
    results : sequence of Result
        From `audit`.
    pictures : mapping of str to str
        By `Network.picture` the picture, SVG as Graphviz writes it. Where some are missing, the page says what they
        need.
    seed : int
        The first seed of the audit.

    Examples
    --------
    >>> from tinygrad_edu.documents.audit import audit
    >>> text = page(audit("sabine", only="2.1-dcda"), {}, seed=0)
    >>> '<article id="sabine-2.1-dcda" data-verdict="sign error"' in text
    True
    """
    anchors = {name: _anchor("network", name) for name in pictures}
    ordered = sorted(results, key=_place)
    formulas = "".join(
        _document(document, group, anchors)
        for document, group in itertools.groupby(ordered, key=lambda result: result.document)
    )
    title = "Formulas, checked against the engine"
    style, script = (files(__package__).joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    body = f"""<a class="skip" href="#formulas">Skip to the formulas</a>
<header>
<h1>{title}</h1>
<p>Each formula is read literally, as it is printed, computed on small networks, and compared with what the engine
has for the same quantity. The verdict follows from the numbers: a form is right where no element of it is off by
more than {_number(TOLERANCE)} of the largest, on {TRIALS} draws of weights and examples (seed {seed} and
those after it). Where the grammar of <code>tg.compare</code> reads it as well, it has to say the same; it is proved by
algebra where, multiplied out, it has the form of what the engine's rules make on symbols. Beside a Jacobian stands what
<code>tg.derive</code> writes of it, in the names of the first network, which has to have the engine's numbers too.</p>
{_stated(results)}
{_proved(results)}</header>
{_contents(ordered, bool(pictures))}
<main id="formulas" tabindex="-1">
{_controls(results)}
{formulas}<p id="none" hidden>No formula matches. <button type="button">Show all formulas</button></p>
{_pictures(results, pictures, anchors)}</main>
<footer><p>The same again: <code>python -m tinygrad_edu audit --seed {seed} --out DIR</code></p></footer>
"""
    return webpage(title, palette() + style + _colours(pictures), body, script)


def _place(result: Result) -> tuple[int, int]:
    """Where a result's section is: its document's place among all, and its own in the document."""
    return list(CATALOGUES).index(result.document), list(CATALOGUES[result.document].sections).index(result.section)


def _anchor(*names: str) -> str:
    """An id in HTML, which has no white space."""
    return re.sub(r"\s+", "-", "-".join(names))


def _link(anchor: str, text: str) -> str:
    return f'<a href="#{escape(quote(anchor))}">{escape(text)}</a>'


def _count(number: int) -> str:
    return f"{number} formula{'s' * (number != 1)}"


def overview(results: Sequence[Result]) -> str:
    """The results as a notebook shows them; many of them below their counts, to be opened."""
    shown = "".join(map(_in_brief, results))
    if len(results) <= OPEN:
        return shown
    count = Counter(result.verdict for result in results)
    counts = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS if count[verdict])
    return f"<details><summary>{_count(len(results))}: {counts}</summary>{shown}</details>"


def _in_brief(result: Result) -> str:
    forms = {"as printed": result.printed, "right": result.corrected}
    rows = [(name, inline(latex)) for name, latex in forms.items() if latex]
    title = f"<b>{escape(result.id)}</b> {SIGNS.get(result.verdict, '•')} {escape(result.verdict)}"
    said = "".join(f"<div>{escape(text)}</div>" for _, text in remarks(result))
    return f'<div style="margin-bottom:1em">{table((), rows, title)}{said}</div>'


# --- what stands at the top


def _stated(results: Sequence[Result]) -> str:
    failed = [result.id for result in results if not result.as_stated]
    if not failed:
        return "<p>All verdicts are as the catalogues of the documents state them.</p>"
    links = ", ".join(_link(_anchor(id), id) for id in failed)
    return f'<p class="alarm"><strong>{len(failed)} of {_count(len(results))} NOT AS STATED:</strong> {links}</p>'


def _controls(results: Sequence[Result]) -> str:
    """The counts by verdict, which are buttons where there is a script, and the search."""
    count = Counter(result.verdict for result in results)
    rows = [("", "all", "whatever the verdict", len(results))]
    rows += [(verdict, _badge(verdict), escape(meaning), count[verdict]) for verdict, meaning in VERDICTS.items()]
    buttons = "\n".join(
        f'<li><button type="button" disabled aria-pressed="{"false" if verdict else "true"}" data-verdict="{verdict}">'
        f"<b>{number}</b> {name}</button> <span>{meaning}</span></li>"
        for verdict, name, meaning, number in rows
    )
    return f"""<ul class="verdicts" aria-label="Formulas by verdict">
{buttons}
</ul>
<form role="search" hidden>
<label for="search">Search <kbd aria-hidden="true">/</kbd></label>
<input id="search" type="search" autocomplete="off" spellcheck="false" aria-keyshortcuts="/"
 placeholder="id, note, LaTeX">
<output role="status">{_count(len(results))}</output>
</form>"""


def _proved(results: Sequence[Result]) -> str:
    """How many are proved, where there is anything to prove."""
    exact = any(result.verdict == "exact" for result in results)
    return f'<p class="proved">{proved(results)}.</p>\n' if exact else ""


def _badge(verdict: str) -> str:
    sign = f'<span aria-hidden="true">{SIGNS.get(verdict, "•")}</span>'
    return f'<span class="badge" data-verdict="{escape(verdict)}">{sign} {escape(verdict)}</span>'


def _contents(ordered: Sequence[Result], pictured: bool) -> str:
    items = []
    for document, group in itertools.groupby(ordered, key=lambda result: result.document):
        sections = "".join(
            f"<li>{_link(_anchor('section', document, section), _heading(document, section))}</li>"
            for section in dict.fromkeys(result.section for result in group)
        )
        items.append(f"<li>{escape(CATALOGUES[document].title)}<ul>{sections}</ul></li>")
    if pictured:
        items.append('<li><a href="#pictures">The networks</a></li>')
    return f'<nav aria-label="Contents"><ul>{"".join(items)}</ul></nav>'


# --- the formulas


def _heading(document: str, section: str) -> str:
    return f"{section}\N{EN SPACE}{CATALOGUES[document].sections[section]}"


def _document(document: str, results: Iterable[Result], anchors: Mapping[str, str]) -> str:
    sections = "".join(
        f'<section id="{escape(_anchor("section", document, section))}">\n'
        f"<h3>{escape(_heading(document, section))}</h3>\n"
        f"{''.join(_article(result, anchors) for result in group)}</section>\n"
        for section, group in itertools.groupby(results, key=lambda result: result.section)
    )
    return f'<section class="document">\n<h2>{escape(CATALOGUES[document].title)}</h2>\n{sections}</section>\n'


def _alone(entry: Entry) -> str:
    """An entry or a result in a notebook, its formulas typeset."""
    forms = [("as printed", entry.printed), ("right", entry.corrected)]
    forms += [("derived", latex) for latex in getattr(entry, "derived_latex", ())]
    words = [("condition", entry.condition.text if entry.condition else ""), ("note", entry.note)]
    rows = [(label, inline(latex)) for label, latex in forms if latex]
    rows += [(label, escape(text)) for label, text in words if text]
    return table((), rows, f"<b>{escape(entry.id)}</b> {entry.finding()}: {VERDICTS[entry.finding()]}")


def _article(result: Result, anchors: Mapping[str, str]) -> str:
    """A formula with all that is known of it."""
    anchor = _anchor(result.id)
    excess = result.fault if isinstance(result.fault, str) and not result.trouble else ""
    forms = {"as printed": result.printed, "printed minus right": excess, "right": result.corrected}
    forms |= dict(zip(("derived", "derived, as a Jacobian"), result.derived_latex, strict=False))
    forms = {label: latex for label, latex in forms.items() if latex}
    parts = [f"<header><h4>{_link(anchor, result.id)}</h4> {_badge(result.verdict)}</header>"]
    if not result.as_stated:
        parts.append(f'<p class="alarm"><strong>NOT AS STATED:</strong> {escape(unlike(result))}</p>')
    for label, latex in forms.items():
        caption = f'<span class="caption">{label}</span>' if len(forms) > 1 else ""
        box = f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(result.id)}, {label}">'
        kind = "form right" if label == "right" else "form"
        parts.append(f'<div class="{kind}">{caption}{box}{mathml(latex)}</div></div>')
    if result.condition:
        parts.append(f"<p><b>Condition:</b> {escape(result.condition.text)}.</p>")
    if result.note:
        parts.append(f'<p class="note">{escape(result.note)}</p>')
    facts = "".join(f"<div><dt>{term}</dt><dd>{value}</dd></div>" for term, value in _facts(result, anchors))
    parts.append(f"<dl>{facts}</dl>")
    sources = "".join(f'<pre tabindex="0"><code>{escape(latex)}</code></pre>' for latex in forms.values())
    parts.append(f"<details><summary>LaTeX</summary>{sources}</details>")
    id, verdict, label = map(escape, (anchor, result.verdict, result.id))
    return "\n".join([f'<article id="{id}" data-verdict="{verdict}" aria-label="{label}">', *parts, "</article>\n"])


def _facts(result: Result, anchors: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the audit found, as terms and what they are, in HTML."""
    if result.misprint:
        printed, meant = (f"<code>{escape(token)}</code>" for token in result.misprint)
        yield "Misprint", f"{printed} → {meant}"
    yield "Error as printed", _error(result.error_printed, result.trouble)
    if result.condition:
        yield "Error with the condition broken", _error(result.error_broken)
    if result.corrected:
        yield "Error of the right form", _error(result.error_corrected)
    if result.proof:
        yield "Proof" if not result.corrected else "Proof of the right form", PROOFS[result.proof]
    yield "From the engine", f"<code>{escape(result.quantity)}</code>"
    yield "Networks", ", ".join(
        _link(anchors[name], name) if name in anchors else escape(name) for name in _networks(result)
    )


def _networks(result: Result) -> Iterable[str]:
    """The pictures of what a formula was tried on, where its condition is met and where it is broken."""
    networks = result.catalogue.networks
    return dict.fromkeys(networks[name].picture if name in networks else name for name in result.tried_on())


def _error(error: float | None, trouble: str = "") -> str:
    if error is None:
        return "does not type-check" + (f": {escape(trouble)}" if trouble else "")
    return _number(error)


def _number(error: float) -> str:
    """An error in two digits.

    >>> [_number(error) for error in (0.0, 2.0, 1.4657e-16, 0.01, math.nan, math.inf)]
    ['0', '2', '1.5 · 10⁻¹⁶', '0.01', 'not a number', 'infinite']
    """
    if not math.isfinite(error):
        return "not a number" if math.isnan(error) else "infinite"
    if error == 0 or 1e-3 <= abs(error) < 1e4:
        return f"{error:.2g}" if abs(error) < 100 else f"{error:.0f}"
    digits, exponent = f"{error:.1e}".split("e")
    power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return power if digits == "1.0" else f"{digits} · {power}"


# --- the pictures


def _pictures(results: Iterable[Result], pictures: Mapping[str, str], anchors: Mapping[str, str]) -> str:
    """The pictures of the networks, each once, and what there is to do where some are missing."""
    named: dict[str, list[str]] = {}
    for name, svg in pictures.items():
        named.setdefault(svg, []).append(name)
    figures = []
    for i, (svg, names) in enumerate(named.items()):
        heading = ", ".join(f'<span id="{escape(anchors[name])}">{escape(name)}</span>' for name in names)
        label = f"The graph of the network {', '.join(names)}"
        figures.append(
            f'<h3>{heading}</h3>\n<div class="scroll picture" tabindex="0" role="group" aria-label="{escape(label)}">\n'
            f"<details><summary>{_inline(svg, f'p{i}-', label)}</summary></details></div>\n"
        )
    missing = {name for result in results for name in _networks(result)} - pictures.keys()
    if missing:
        figures.append(f"<p>No pictures of {escape(', '.join(sorted(missing)))}: they need {INSTALL}.</p>\n")
    return f'<section id="pictures">\n<h2>The networks</h2>\n{"".join(figures)}</section>\n' if figures else ""


def _colours(pictures: Mapping[str, str]) -> str:
    """The colours of the pictures, by the reader's theme."""
    if not pictures:
        return ""
    from ..drawing.theme import stylesheet  # an audit without pictures needs nothing of what draws

    return stylesheet(".picture")


def _inline(svg: str, prefix: str, label: str) -> str:
    """A picture as a part of the page: without its prologue, and with ids that no other picture has. How wide it is is
    for the style sheet, which is told three widths.

    >>> text = '<?xml version="1.0"?><!DOCTYPE svg><svg viewBox="0 0 90 9"><g id="a"/><use href="#a"/></svg>'
    >>> print(_inline(text, "p1-", "A"))  # doctest: +NORMALIZE_WHITESPACE
    <svg role="img" aria-label="A" style="--least: 36pt; --own: 90pt; --zoomed: 135pt" viewBox="0 0 90 9"><g
    id="p1-a" /><use href="#p1-a" /></svg>
    """
    from ..drawing.notebook import READABLE, ZOOM, width_of

    root = ElementTree.fromstring(svg)
    for element in root.iter():
        for key, value in element.items():
            before, mark, name = value.partition("#") if key.endswith("href") or value[:5] == "url(#" else ("", "", "")
            if key == "id" or mark:
                element.set(key, f"{before}{mark}{prefix}{name or value}")
    width = width_of(svg)
    widths = f"--least: {width * READABLE:.0f}pt; --own: {width:.0f}pt; --zoomed: {width * ZOOM:.0f}pt"
    root.attrib = {"role": "img", "aria-label": label, "style": widths, **root.attrib}
    return ElementTree.tostring(root, encoding="unicode")


for _prefix, _name in (("", "2000/svg"), ("xlink", "1999/xlink")):
    ElementTree.register_namespace(_prefix, f"http://www.w3.org/{_name}")


Entry._repr_html_ = _alone  # type: ignore[attr-defined]
