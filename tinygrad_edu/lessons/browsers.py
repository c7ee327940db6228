"""Printing a page of HTML as PDF, by a browser that is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Those that print without a window: by name, on the PATH, and where macOS and Windows install them.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe", r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)  # fmt: skip
SECONDS = 120


def browser() -> str | None:
    """The first that is there."""
    return next(filter(None, map(shutil.which, (*NAMES, *map(os.path.expandvars, PLACES)))), None)


def as_pdf(page: str) -> bytes:
    """A page of HTML on paper, as its style sheet has it.

    Raises
    ------
    OSError where no browser is there, or none that prints; it says what to do instead.
    """
    instead = "write the page as .html, open it and print it"
    program = browser()
    if program is None:
        raise OSError(f"a PDF needs Chromium, Chrome or Edge, and none is there; {instead}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a browser may still write its profile
        source, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        command = [
            program, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}",
            "--no-sandbox",  # which a container and root do not have; the page is our own, and has no script
            f"--print-to-pdf={printed}", source.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
            return printed.read_bytes()
        except (OSError, subprocess.SubprocessError):
            raise OSError(f"{program} does not print the page; {instead}") from None
