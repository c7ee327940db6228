"""Pictures in TikZ: they compile in a document that has no other package, and have what the picture has."""

import re
import shutil
import subprocess

import pytest
from test_drawing import HOSTILE, network, parts
from test_notebook import everything

import tinygrad_edu as tg
from tinygrad_edu.drawing.theme import ARROWS, KINDS

DOCUMENT = r"""\documentclass{article}
\usepackage[paperwidth=300cm, paperheight=300cm, margin=1cm]{geometry}
\usepackage{tikz}
\begin{document}
%s
\end{document}
"""
UNICODE = "é ß ∇W₁ᵀ ∘ Σ′ 中 𝔸 {x_1^2} $ # % & ~ < > | \" [1] *"


def compiled(pictures, program, directory):
    """What LaTeX says of a document of pictures; the pages that it makes."""
    if shutil.which(program) is None or shutil.which("kpsewhich") is None:
        pytest.skip(f"no {program} on the PATH")
    if not subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True).stdout:
        pytest.skip("LaTeX has no tikz here")
    inputs = []
    for i, picture in enumerate(pictures):
        picture.save(directory / f"x{i}.tikz")
        inputs.append(rf"\noindent\input{{x{i}.tikz}}\newpage")
    (directory / "x.tex").write_text(DOCUMENT % "\n".join(inputs), encoding="utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, errors="replace", timeout=300)
    assert done.returncode == 0, "\n".join(re.findall(r"(?m)^!.*\n.*\n.*", done.stdout))
    assert (directory / "x.pdf").read_bytes().startswith(b"%PDF")
    return done.stdout


@pytest.mark.parametrize("program", ["pdflatex", "lualatex"])
def test_pictures_compile(any_engine, tmp_path, program):
    said = {"title": "All kinds & arrows", "caption": "below", "theme": "dark"}
    pictures = [*everything(detail="full", **said), *everything(detail="full", theme="print")]
    said = compiled([*pictures, tg.draw(network()[0], width=300, direction="TB")], program, tmp_path)
    assert "Missing character" not in said and "Overfull" not in said and "5 pages" in said


@pytest.mark.parametrize("program", ["pdflatex", "lualatex"])
def test_hostile_names_compile(any_engine, tmp_path, program):
    pictures = []
    for name in (*HOSTILE, UNICODE, r"\input{x}", r"\end{document}", "[", "*"):
        with tg.layer(name):
            loss = (network(*[name] * 7)[0] * 1.0).named(name)
        pictures.append(tg.draw(loss, backward=True, legend=True, title=name, caption=name))
    said = compiled(pictures, program, tmp_path)
    assert f"{len(pictures)} pages" in said and "Missing character" not in said


@pytest.mark.parametrize("raw", [*HOSTILE, UNICODE])
def test_what_a_person_wrote_is_text(any_engine, raw):
    text = tg.draw(network(*[raw] * 7)[0], title=raw).tikz
    plain = tg.draw(network()[0], title="plain").tikz
    assert not re.search("[\x00-\x09\x0b-\x1f😀中𝔸∇]", text)

    def commands(tikz):
        return set(re.findall(r"\\[A-Za-z]+", tikz))

    escapes = {r"\textbackslash", r"\textasciicircum", r"\textasciitilde", r"\ensuremath", r"\text", r"\ldots"}
    signs = {rf"\{name}" for name in "circ Sigma nabla".split()}
    assert commands(text) - commands(plain) <= escapes | signs


def test_boxes_are_nodes_and_kinds_are_styles(one_engine):
    for drawn in everything(detail="full"):
        text = drawn.tikz
        keys = {key for key in parts(drawn.svg, "node") if not key.startswith("legend")}
        assert set(re.findall(r"\((\w+)\) at", text)) == keys
        used = set(re.findall(r"\\path\[tinygrad (\w+)", text))
        assert used <= set(re.findall(r"  tinygrad (\w+)/\.style", text)) <= {*KINDS, *ARROWS, "product", "layer"}
        assert {"parameter", "operation", "adjoint", "forward", "backward", "saved"} <= used


def test_formulas_are_mathematics(any_engine):
    text = tg.draw(network()[0], backward=True).tikz
    assert r"$W_{2}^T \cdot \Delta_{2}$" in text and r"{\tinygradname W1}" in text
    assert r"\begin{tabular}{@{}l@{\ }r@{}}" in text


def test_a_width_in_tikz(any_engine):
    narrow = tg.draw(network()[0], width=300).tikz
    (scale,) = map(float, re.findall(r"\[x=([\d.]+)bp", narrow))
    right = max(float(x) for x in re.findall(r"\(([\d.]+), [\d.]+\)", narrow))
    assert 0.9 * 300 * 0.75 < scale * right <= 300 * 0.75


def test_themes_differ_in_colours_alone(any_engine):
    light, dark, printed = (tg.draw(network()[0], theme=theme).tikz for theme in ("light", "dark", "print"))
    assert r"\fill[color=tinygradpaper]" in dark and r"\fill" not in light + printed
    assert set(re.findall(r"\{HTML\}\{(\w+)\}", printed)) == {"FFFFFF", "000000"}
    assert re.sub(r"\{HTML\}.*", "", light) == re.sub(r"\{HTML\}.*", "", printed)


def test_without_an_engine_there_is_one_clear_line(monkeypatch):
    monkeypatch.setattr("tinygrad_edu.drawing.layout.ENGINES", {})
    with pytest.raises(RuntimeError, match=r"^pictures need Graphviz: pip install"):
        _ = tg.draw(network()[0]).tikz
