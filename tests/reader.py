"""A formula in Unicode, computed as it is written, whatever terms it came from: the grammar of `compare` reads it."""

from tinygrad_edu.comparing.evaluation import Evaluation
from tinygrad_edu.comparing.scope import Quantity
from tinygrad_edu.formulas.expr import symbol
from tinygrad_edu.formulas.grammar.parser import parse
from tinygrad_edu.formulas.present import Presenter
from tinygrad_edu.formulas.printer import Printer
from tinygrad_edu.formulas.targets.text import Unicode


def read(text, values, shape):
    """The numbers of a formula of a shape, for the matrices of its names."""
    tree = parse(text, values)
    names = {each["name"]: _spelled(each["name"], values) for each in tree.symbols()}
    known = {name: symbol(Quantity("value" if key else "eye", key)) for name, key in names.items()}
    return Evaluation(lambda quantity: values[quantity.key], matrices=True, shape=shape)(tree.renamed(known))


def _spelled(name, values):
    key = name.base + "′" * name.primes
    return key if key in values or name.base != "I" else ""


def unicode(term):
    """A term in one line."""
    return Printer(Unicode())(Presenter()(term))
