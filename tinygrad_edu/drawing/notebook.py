"""A picture on a page or in a notebook: no wider than its place, larger on a click, light or dark as the page is.

A page in a frame takes its place once it has said how high it is. Notebooks that are not trusted run no script, and of
their HTML JupyterLab also drops <iframe>, <svg> and <style>; it keeps images, <details>, and styles that stand with an
element. What is left is the picture without a script, and that is what is printed.
"""

from __future__ import annotations

import base64
import html
import re
from xml.etree import ElementTree

from .theme import stylesheet

# A frame asks the page in it how high it is, which nothing else can know.
FITS = """window.addEventListener('message', (said) => {
  if (said.source !== this.contentWindow || !said.data.height) return;
  Object.assign(this.style, {height: said.data.height + 'px', position: 'static', visibility: 'visible'});
  this.classList.add('live');
});
this.contentWindow.postMessage('height', '*');"""
READABLE, ZOOM = 0.4, 1.5  # the least scale, at which names still have 7 pixels; that after a click
# An image or a frame asks the element that holds it, not the system, whether to be dark; where neither that nor
# anything around it says so, the system. Paper is light, and does not scroll.
FOLLOWS = """
:is([data-jp-theme-light="true"], .vscode-light, .vscode-high-contrast-light) .tinygrad_edu { color-scheme: light; }
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light), \
[theme="dark"], [data-theme="dark"]) .tinygrad_edu { color-scheme: dark; }
@media screen { .tinygrad_edu.live + .still { display: none; } }
@media print { .tinygrad_edu.live:has(+ .still) { display: none !important; } }
@media print { .tinygrad_edu { min-width: 0 !important; color-scheme: light !important; } }
"""


def framed(page: str, title: str, style: str) -> str:
    """A page with a script in a frame of its own, so that neither it nor what is around it changes the other."""
    style = f"box-sizing: border-box; display: block; width: 100%; max-height: 80vh; {style}"
    return (
        f'<style>{FOLLOWS}</style>\n'
        f'<iframe class="tinygrad_edu" srcdoc="{html.escape(page)}" sandbox="allow-scripts" style="{style}" '
        f'onload="{html.escape(FITS)}" title="{html.escape(title)}"></iframe>'
    )


def in_notebook(svg: str, page: str, label: str, follows: bool) -> str:
    """A picture by Graphviz as HTML for a cell, and before it its page, which takes its place where scripts run; one in
    the light theme can follow the theme of the notebook.

    It is as wide as the cell, or as it is itself if that is less, as long as it can be read; the cell scrolls for more.
    What the details hold, which a click opens, is a width and nothing else: it makes the picture larger.
    """
    width = width_of(svg)
    if follows:
        svg = re.sub(r"<svg[^>]*>", rf"\g<0><style>{stylesheet(':root')}</style>", svg, count=1)
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    hidden = "position: absolute; visibility: hidden; height: 20rem; border: 0"
    return f"""{framed(page, label, hidden) if page else f"<style>{FOLLOWS}</style>"}
<div class="still" style="overflow-x: auto">
<details class="tinygrad_edu" style="display: inline-block; min-width: {width * READABLE:.0f}pt">
<summary style="display: block; cursor: zoom-in">\
<img alt="{html.escape(label)}" style="display: block; width: 100%" src="{source}"></summary>
<div style="width: {width * ZOOM:.0f}pt"></div>
</details>
</div>
"""


def width_of(svg: str) -> float:
    """How wide a picture by Graphviz is, in points.

    >>> width_of('<svg viewBox="0.00 0.00 90.50 9.00"/>')
    90.5
    """
    return float(ElementTree.fromstring(svg).attrib["viewBox"].split()[2])
