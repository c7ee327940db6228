r"""What the documents print, beside what the catalogue has: the record of it, made with the documents at hand.

    python tests/documents_printed.py FOLDER

reads the two texts of FOLDER, ``mishachev*.txt`` and ``sabine*.txt``, and writes ``documents_printed.json``: of each
document a hash of all its tokens, and of each entry a hash of the printed tokens and where these stand in the document,
as the number of the first one, or null where the entry is put together from several places or says in fewer words what
the text says. With the folder as the environment's ``TINYGRAD_DOCUMENTS`` the tests compare the record with the texts
once more.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("documents_printed.json")
# What is set in another way without being another formula: fonts, sizes, spaces, braces, the environments around it.
LOOKS = [
    (r"\\underbrace\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}_\{\1\}", r" \1 "),  # a label that is the formula once more
    (r"\\left\(\s*\\begin\{array\}\{c*\}|\\end\{array\}\s*\\right\)", " "),  # a matrix
    (r"(_\{[^{}]*\}|_\w)\s*('|\\prime)", r"'\1"),
    (r"\\(?:text|mathrm|boldsymbol|mathbf|operatorname|mathbb)\b|\\(?:left|right)\b|oldsymbol", " "),
    (r"\\(?:begin|end)\{[a-z]*\}(?:\{[a-z]*\})?|\\(?:quad|qquad|hspace\{\w*\})|\\tag|(?<!\\)\\[,;:! ]", " "),
    (r"(?<![A-Za-z\\])rac\{|\\frac\{", r"\\frac{"),
    (r"\\(?:mathrm\{d\})", "d"),
    (r"\\(?:over|under)brace|_\{\\circ\}", lambda match: r" \circ " if match[0].startswith("_") else " "),
    (r"\\cdots|\\vdots|\\ddots|(?<![A-Za-z\\])dots", r" \\dots "),
    (r"\\prime", "'"),
]


def tokens(text):
    r"""The tokens of a formula or of a document, without fonts, sizes, spaces and braces.

    >>> tokens(r"\left(\boldsymbol{a}^{L-1}\right)^T") == tokens("(a^{L-1})^T") == list("(a^L-1)^T")
    True
    """
    for pattern, replacement in LOOKS:
        text = re.sub(pattern, replacement, text)
    found = re.findall(r"\\[A-Za-z]+|\S", text)
    return [token for token in found if token not in "{}&$\\*#,."]


def digest(found):
    return hashlib.sha256(" ".join(found).encode()).hexdigest()[:16]


def place(found, document):
    """Where tokens stand in a document, as the number of the first one."""
    whole, part = (" " + " ".join(each) + " " for each in (document, found))
    at = whole.find(part)
    return None if at < 0 else whole[:at].count(" ")


def documents(folder):
    """The tokens of the two texts."""
    return {path.name.partition("-")[0]: tokens(path.read_text(encoding="utf-8"))
            for path in Path(folder).glob("*.txt")}


def recorded(entries, folder):
    """Of each document the hash of its tokens; of each entry that of the printed ones, and their place."""
    texts = documents(folder)
    return {name: digest(text) for name, text in sorted(texts.items())} | {
        entry.id: [digest(tokens(entry.printed)), place(tokens(entry.printed), texts[entry.document])]
        for entry in entries
    }


def main(folder):
    from tinygrad_edu.documents import mishachev, sabine

    record = recorded([*mishachev.values(), *sabine.values()], folder)
    lines = ",\n".join(f"{json.dumps(id)}: {json.dumps(each)}" for id, each in record.items())
    RECORD.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    return record


if __name__ == "__main__":
    places = {id: each[1] for id, each in main(sys.argv[1]).items() if isinstance(each, list)}
    print(f"{sum(at is not None for at in places.values())} of {len(places)} stand in the documents as they are; not:")
    print(*(id for id, at in places.items() if at is None), sep="\n")
