"""A page of HTML that needs nothing else: no network, nothing from outside, as its own policy has it."""

from __future__ import annotations

from importlib.resources import files


def webpage(title: str, style: str, body: str, script: str) -> str:
    """The page of a body; all four are written as they are, so `title` and `body` are to be escaped before.

    >>> text = webpage("Title", "", "<p>Text</p>", "")
    >>> text.startswith("<!DOCTYPE html>"), "<p>Text</p>" in text
    (True, True)
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
 script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}<script>
{script}</script>
</body>
</html>
"""


def palette() -> str:
    """The colours of pages that judge formulas, on light and on dark paper, and their fonts."""
    return files(__package__).joinpath("palette.css").read_text(encoding="utf-8")
