"""A real JupyterLab in headless Chromium: opens notebooks, runs them, clicks, asks the page, looks at its pixels."""

import base64
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zlib
from pathlib import Path

import websocket  # comes with Jupyter's server
from html_reader import BROWSER

HOME = "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR JUPYTERLAB_SETTINGS_DIR JUPYTERLAB_WORKSPACES_DIR \
IPYTHONDIR".split()
# No news, and cells that are out of sight are drawn as well.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
TALL = 6000  # pixels of a window, in which all is in sight


def until(found, seconds=90):
    """What a function returns once it is something; an OSError is nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if (result := found()) is not None:
                return result
        time.sleep(0.1)
    raise TimeoutError(f"nothing within {seconds} seconds")


class Page:
    """A page of headless Chromium, through the protocol of its developers' tools."""

    def __init__(self, directory):
        self.ids = itertools.count(1)
        self.browser = subprocess.Popen(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={directory}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port, *_ = until(lambda: (directory / "DevToolsActivePort").read_text().split() or None)
        pages = until(lambda: [page for page in json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
                               if page["type"] == "page"] or None)  # fmt: skip
        self.socket = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=120)

    def close(self):
        self.socket.close()
        self.browser.terminate()
        self.browser.wait(20)

    def do(self, method, **params):
        """What a command of the protocol answers."""
        id = next(self.ids)
        self.socket.send(json.dumps({"id": id, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != id:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def __call__(self, script):
        """What the body of an asynchronous JavaScript function returns in the page."""
        answer = self.do("Runtime.evaluate", expression=f"(async () => {{ {script} }})()", awaitPromise=True,
                         returnByValue=True)  # fmt: skip
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def show(self, width, system="light"):
        """Make the window so wide, in a system of that colour scheme."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=TALL, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": system}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self("await new Promise((done) => setTimeout(done, 500));")

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, **more):
        return base64.b64decode(self.do("Page.captureScreenshot", format="png", **more)["data"])

    def colour(self, x, y):
        """The colour of a pixel, as #rrggbb."""
        png = self.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1, "scale": 1})
        packed, at = b"", 8
        while at < len(png):  # from chunk to chunk
            size = int.from_bytes(png[at : at + 4], "big")
            packed += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
            at += size + 12
        return "#" + zlib.decompress(packed)[1:4].hex()  # before it is the filter of the row


class Lab(Page):
    """JupyterLab in such a page; what it writes for its user is in the directory. To be closed."""

    def __init__(self, directory):
        self.work = directory / "work"
        self.work.mkdir()
        for name, values in SETTINGS.items():
            settings = directory / f"JUPYTERLAB_SETTINGS_DIR/@jupyterlab/{name}.jupyterlab-settings"
            settings.parent.mkdir(parents=True)
            settings.write_text(json.dumps(values))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{free.getsockname()[1]}"
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        with open(directory / "log", "w") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
                 f"--port={address.rpartition(':')[2]}", "--IdentityProvider.token=",
                 f"--ServerApp.root_dir={self.work}", "--LabApp.expose_app_in_browser=True"],
                env={**os.environ, **{name: str(directory / name) for name in HOME}, "PYTHONPATH": path},
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            until(lambda: urllib.request.urlopen(f"{address}/api"))
            super().__init__(directory / "browser")
            self.show(1024)
            self.do("Page.navigate", url=f"{address}/lab")
            until(lambda: self("return window.jupyterapp ? true : null;"))
            self("await jupyterapp.restored;")
        except BaseException:
            self.close()
            raise

    def close(self):
        self.server.terminate()
        self.server.wait(20)
        if hasattr(self, "socket"):
            super().close()

    def theme(self, name):
        """Choose the light or the dark theme."""
        self(f"""await jupyterapp.commands.execute("apputils:change-theme", {{theme: "JupyterLab {name.title()}"}});
            while (document.body.dataset.jpThemeLight !== "{str(name == "light").lower()}")
                await new Promise((done) => setTimeout(done, 50));
            await new Promise((done) => setTimeout(done, 300));""")

    def open(self, notebook):
        """Open a notebook, given as it is in its file, alone."""
        (self.work / "notebook.ipynb").write_text(json.dumps(notebook))
        self("""const {commands, shell} = jupyterapp;
            await commands.execute("application:close-all");
            const widget = await commands.execute("docmanager:open", {path: "notebook.ipynb", factory: "Notebook"});
            await widget.context.ready; await widget.sessionContext.ready; await widget.revealed;
            window.opened = widget; shell.activateById(widget.id);
            if (!shell.leftCollapsed) await commands.execute("application:toggle-left-area");
            await new Promise((done) => setTimeout(done, 1000));""")

    def run(self, *cells):
        """Open a notebook of these cells and run it; what it is then in its file."""
        code = [{"cell_type": "code", "id": f"c{i}", "source": cell, "metadata": {}, "outputs": [],
                 "execution_count": None} for i, cell in enumerate(cells)]  # fmt: skip
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return self.run_all({"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})

    def run_all(self, notebook):
        """Open a notebook and run it; what it is then in its file."""
        self.open(notebook)
        self("""await jupyterapp.commands.execute("notebook:run-all-cells");
            await opened.context.save();
            await new Promise((done) => setTimeout(done, 500));""")
        return json.loads((self.work / "notebook.ipynb").read_text())
