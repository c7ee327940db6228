"""Pyright's language server, as an editor talks to it: what it shows at a place and what it completes."""

import json
import subprocess
import sys

TEXTS = {"contentFormat": ["plaintext"]}


class LanguageServer:
    """A server for programs in a folder, which finds the package at `home`."""

    def __init__(self, folder, home):
        self.folder, self.home, self.asked = folder, str(home), 0
        command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"hover": TEXTS}}
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities=capabilities)
        self._send(method="initialized", params={})

    def open(self, text):
        self.file = {"uri": (self.folder / "program.py").as_uri()}
        document = {**self.file, "languageId": "python", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        self.lines = text.splitlines()

    def at(self, method, line, column):
        position = {"line": line, "character": column}
        return self.ask(f"textDocument/{method}", textDocument=self.file, position=position)

    def ask(self, method, **params):
        self.asked += 1
        self._send(id=self.asked, method=method, params=params)
        while True:
            message = self._read()
            if "method" not in message and message.get("id") == self.asked:
                return message.get("result")
            if "method" in message and "id" in message:  # it asks back
                items = message.get("params", {}).get("items", []) if "configuration" in message["method"] else []
                settings = {"analysis": {"extraPaths": [self.home]}, "pythonPath": sys.executable}
                self._send(id=message["id"], result=[settings for _ in items] or None)

    def _send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server is gone"
        return json.loads(self.process.stdout.read(length))

    def close(self):
        self.process.kill()
        self.process.communicate()
