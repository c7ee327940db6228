"""The command line: ``python -m tinygrad_edu audit`` checks the two documents against the engine."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, ascii_text, vocabulary
from .documents import page, report
from .documents.audit import audit, losses
from .documents.entry import Result
from .files import make_directory, write
from .progress_line import ProgressLine, progress

GOOD, BAD, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit statuses


class _CommandLine(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _CommandLine(prog="tinygrad_edu", description="Reverse-mode differentiation on NumPy, for teaching.")
    parser.add_argument("--version", action="version", version=f"tinygrad_edu {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (run, text, more, arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}. {more}")
        command.set_defaults(run=run)
        for argument, how in arguments.items():
            command.add_argument(argument, **how)
    return parser


def _path(text: str) -> Path:
    """A path from the command line, which is not empty."""
    if not text:
        raise argparse.ArgumentTypeError("a name is missing")
    return Path(text)


def _seed(text: str) -> int:
    """A seed from the command line: argparse turns the error into its line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number, 0 or more, not {text!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    ascii_text.install("replace")  # other letters than those of formulas are no reason to stop
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:  # whoever forgets the rest sees what there is; a script that does has checked nothing
        parser.print_help()
        return BAD_INPUT
    try:
        status: int = options.run(options)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"tinygrad_edu {options.command}: {error}", file=sys.stderr)
        if isinstance(error, OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a full standard output would fail again at the end
        return BAD_INPUT
    return status


def _audit(options: argparse.Namespace) -> int:
    """Run the audit, write what is asked for, print the table."""
    results = audit(options.document, options.only, options.verdict, options.seed, ProgressLine().tell)
    if not results:
        raise ValueError(f"{options.only} has not the verdict {options.verdict}, and should not have it")
    if options.out is not None:
        _write_report(options.out, results, options.seed)
    if options.json is not None:
        write(options.json, report.to_json(results))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    _print(report.table(results, shutil.get_terminal_size().columns, colour))
    if options.out is not None:
        _draw_networks(options.out, results, options.seed)  # last: it needs Graphviz, the rest does not
    return GOOD if all(result.as_stated for result in results) else BAD


def _cheatsheet(options: argparse.Namespace) -> int:
    from .lessons.cheatsheet import save  # the other commands need nothing of what it reads

    save(options.out)
    _print(f"written: {options.out}")
    return GOOD


def _functions(options: argparse.Namespace) -> int:
    _print(vocabulary.page(shutil.get_terminal_size().columns))
    return GOOD


def _grade(options: argparse.Namespace) -> int:
    """Mark the answers of a class, write what is asked for, print the table."""
    from .lessons import grade
    from .lessons.class_page import page as class_page

    marks = grade(options.folder, options.exercise)
    if options.csv is not None:
        write(options.csv, marks.csv.encode("utf-8-sig"))  # by its mark spreadsheets know the encoding
    if options.html is not None:
        write(options.html, class_page(marks))
    _print(str(marks))
    return GOOD


def _lessons(options: argparse.Namespace) -> int:
    """Copy the lessons, say what lies there now, and build the pages that are asked for."""
    from .lessons.copies import copy
    from .lessons.pages import build

    _print(copy(options.directory))
    failures = build(options.directory) if options.html else []
    _print(f"The pages begin with {options.directory / 'index.html'}.") if options.html else None
    for failure in failures:
        print(f"tinygrad_edu lessons: {failure}", file=sys.stderr)
    return BAD if failures else GOOD


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # | head has read enough; what is left in the buffer has to go somewhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_report(directory: Path, results: Sequence[Result], seed: int) -> None:
    """The table, the JSON and the page, which has no pictures yet."""
    make_directory(directory)
    write(directory / "audit.txt", report.table(results) + "\n")
    write(directory / "audit.json", report.to_json(results))
    write(directory / "index.html", page.page(results, {}, seed))


def _draw_networks(directory: Path, results: Sequence[Result], seed: int) -> None:
    """A picture of each network, beside the page and in it."""
    from . import draw

    drawn = {}
    for name, loss in progress(losses(results, seed).items(), "pictures"):
        drawn[name] = draw(loss).svg
        write(directory / f"{name}.svg", drawn[name])
    write(directory / "index.html", page.page(results, drawn, seed))


# What runs a command, what it is for, what else is to be said of it, and its arguments as argparse takes them.
COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str, str, dict[str, dict[str, Any]]]] = {
    "audit": (
        _audit, "check the formulas of the two documents against the engine",
        "The exit status is 0 where every verdict is as the catalogue states it, 1 where one is not, and 2 for bad "
        "input.",
        {
            "--document": {"metavar": "NAME", "help": "one document: sabine or mishachev"},
            "--only": {"metavar": "ID", "help": "one formula, such as sabine-5.2.2-dcdW"},
            "--verdict": {"metavar": "V", "help": 'formulas of one verdict, such as "sign error"'},
            "--out": {"metavar": "DIR", "type": _path, "help": "write a page, table, JSON and pictures here"},
            "--json": {"metavar": "FILE", "type": _path, "help": "write the results as JSON"},
            "--seed": {"metavar": "N", "type": _seed, "default": 0, "help": "seed of weights and examples (default 0)"},
        },
    ),
    "cheatsheet": (
        _cheatsheet, "write the cheat sheet: notation, rules, the documents' formulas, calls on one page of A4", "",
        {"--out": {"metavar": "FILE", "type": _path, "default": Path("cheatsheet.html"),
                   "help": "the page, .html, or .pdf printed by Chromium, Chrome or Edge (default cheatsheet.html)"}},
    ),
    "functions": (_functions, "list the functions that Tensors support, by subject", "", {}),
    "grade": (
        _grade, "mark the answers of a class, which are files in a folder; nothing in them is executed",
        "The exercise stands in the path of each, such as anna/1_3.txt, and the rest of the path is the student. The "
        "exit status is 0 where all were read and marked, whatever their verdicts, and 2 for bad input.",
        {
            "folder": {"metavar": "FOLDER", "type": _path, "help": "texts, exercise files and notebooks"},
            "--exercise": {"metavar": "E", "help": "what answers are to that name no exercise: a number such as 1.3, "
                           "or a Python file of yours with a global `exercise`, which is run"},
            "--csv": {"metavar": "FILE", "type": _path, "help": "write the table for spreadsheets"},
            "--html": {"metavar": "FILE", "type": _path, "help": "write the table as a page, with common mistakes"},
        },
    ),
    "lessons": (
        _lessons, "copy the lessons, notebooks and exercises, into a directory",
        "Files that are there already stay as they are.",
        {
            "directory": {"metavar": "DIR", "type": _path, "nargs": "?", "default": Path("lessons"),
                          "help": "where to (default lessons)"},
            "--html": {"action": "store_true", "help": "run the notebooks and write each as a page with its outputs"},
        },
    ),
}  # fmt: skip

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the prompt begins on a line of its own
        sys.exit(INTERRUPTED)
