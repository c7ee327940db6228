"""Reads pages as a browser would: their elements, their colours, and what they do in headless Chromium."""

import html.parser
import json
import re
import shutil
import subprocess

import pytest

VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}


class Element:
    """An element with its attributes, its children, and the text inside."""

    def __init__(self, tag, attributes, parent):
        self.tag, self.parent, self.children, self.texts = tag, parent, [], []
        assert len(dict(attributes)) == len(attributes), f"an attribute twice: {attributes}"
        self.attributes = dict(attributes)

    def __getitem__(self, name):
        return self.attributes.get(name)

    def all(self, *tags):
        """What is inside, in order; of these tags if some are given."""
        for child in self.children:
            if not tags or child.tag in tags:
                yield child
            yield from child.all(*tags)

    @property
    def text(self):
        return "".join(part if isinstance(part, str) else part.text for part in self.texts)


class Reader(html.parser.HTMLParser):
    """Reads a page, in which every element has to be closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.at = self.root = Element("", [], None)
        self.feed(text)
        self.close()
        assert self.at is self.root, f"<{self.at.tag}> is not closed"

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.at = self.at.children[-1]

    def handle_startendtag(self, tag, attributes):
        element = Element(tag, attributes, self.at)
        self.at.children.append(element)
        self.at.texts.append(element)

    def handle_endtag(self, tag):
        assert tag == self.at.tag, f"</{tag}> closes <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.texts.append(data)


def read(text):
    return Reader(text).root


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# --- in a browser ----------------------------------------------------------------------------------------------------

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the PATH")
RECORDER = """<script>
var faults = [];
addEventListener("error", (event) => faults.push(String(event.message)), true);
addEventListener("securitypolicyviolation", (event) => faults.push(event.violatedDirective));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(words.join(" "));
</script>"""
SHOW = """
const show = (found) => Object.assign(
    document.body.appendChild(document.createElement("pre")), {id: "found", textContent: JSON.stringify(found)});
"""
RUN = """
addEventListener("load", async () => {
    const found = await (async () => { SCRIPT })();
    if (top === self) show(found); else parent.postMessage(found, "*");
});
"""
FRAMES = """<body><script>
    const found = [];
    addEventListener("message", ({data, source}) => {
        const frames = [...document.querySelectorAll("iframe")];
        found[frames.findIndex((each) => each.contentWindow === source)] = data;
        if (Object.keys(found).length === WIDTHS.length) show(found);
    });
    for (const width of WIDTHS) {
        const style = `border: 0; display: block; width: ${width}px; height: 900px`;
        Object.assign(document.body.appendChild(document.createElement("iframe")), {src: "page.html", style});
    }
</script></body>"""


class Browser:
    """Headless Chromium, with a page, actions that scripts can use, and a script that says what it found."""

    def __init__(self, directory, text, actions=""):
        self.directory, self.text, self.actions = directory, text, actions

    def __call__(self, script, query="", widths=(), flags=()):
        """What the body of a JavaScript function returns at the end of the page.

        `widths` put the page into as many frames (a window has 500 pixels at least) and return as many results.
        """
        script = f"<script>{{ {SHOW} {self.actions} {RUN.replace('SCRIPT', script)} }}</script></body>"
        text = self.text.replace("<head>", f"<head>{RECORDER}", 1).replace("</body>", script, 1)
        (self.directory / "page.html").write_text(text, encoding="utf-8")
        frames = FRAMES.replace("WIDTHS", json.dumps(widths)).replace("<script>", f"<script>{SHOW}", 1)
        (self.directory / "frames.html").write_text(frames, encoding="utf-8")
        address = (self.directory / ("frames.html" if widths else "page.html")).as_uri() + query
        # On a busy machine the virtual time may be over before the script is, and a frame is a process of its own.
        for budget in (2000, 8000, 32000, 128000, 512000):
            done = subprocess.run(
                [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                 f"--virtual-time-budget={budget}", f"--user-data-dir={self.directory / 'profile'}", *flags, address],
                capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
            )  # fmt: skip
            found = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
            if found:
                break
        assert found, f"the script did not end:\n{done.stderr}"
        return json.loads(html.unescape(found[-1]))
