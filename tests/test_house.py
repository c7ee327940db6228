"""The shape of the house: which module may know which, how long they are, and what a rule may be made of."""

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest
from batches import twenty_at_a_time

import tinygrad_edu as tg
from tinygrad_edu import operations
from tinygrad_edu.operations.facts import VOCABULARY

PACKAGE = Path(tg.__file__).parent

# A module imports from lines above its own only, or from its own package. Within operations the same holds.
LINES = [
    "engine", "engine.naming", "engine.spelling", "engine.errors engine.alternatives engine.comparisons",
    "engine.habits", "engine.arguments", "engine.containers", "engine.record", "engine.likely",
    "operations.signatures", "operations.facts",
    "operations.defining",
    "operations.elementwise", "operations.indexing operations.own", "operations.shapes", "operations.reductions",
    "operations.arranging", "operations.activations operations.products operations.diagonals",
    "operations.costs operations.contractions operations.functions operations.statistics operations.linalg",
    "operations.joining operations.choosing", "operations", "engine.arithmetic", "engine.absorbing",
    "engine.sweep engine.protocols", "engine.leaving engine.observed", "engine.views", "engine.tensor vocabulary",
    "engine.pickling engine.sharing", "engine.transforms", "engine.checks engine.recomputing",
    "files webpage numerals tracebacks ascii_text progress_line",
    "formulas", "showing", "listing networks deriving compiling", "data", "drawing comparing", "documents", "lessons",
    "__main__",
]  # fmt: skip
RANK = {name: rank for rank, line in enumerate(LINES) for name in line.split()}
# Packages that are one line: inside, they arrange themselves.
PARTS = {"compiling", "drawing", "documents", "data", "formulas", "deriving", "comparing", "lessons"}

FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent.name != "exercises"  # programs for students, no modules
}
MODULES = [name for name in FILES if name != "__init__"]


def line_of(module):
    top = module.split(".")[0]
    return top if top in PARTS else module


def tree_of(module):
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def imports(module, run=False):
    """The package's modules that a module imports, wherever the import stands; only those that are `run`, without what
    annotations alone need, if so asked for."""
    package = module.split(".") if FILES[module].name == "__init__.py" else module.split(".")[:-1]
    tree = tree_of(module)
    annotating = [node for node in ast.walk(tree) if isinstance(node, ast.If) and run
                  and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"]  # fmt: skip
    left_out = {id(node) for each in annotating for node in each.body}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "tinygrad_edu":
                    yield ".".join(alias.name.split(".")[1:])
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
            elif node.module.split(".")[0] == "tinygrad_edu":
                base = []
            else:
                continue
            base = base + (node.module or "").split(".") if node.level else node.module.split(".")[1:]
            base = [part for part in base if part]
            for alias in node.names:
                full = ".".join([*base, alias.name])
                yield full if full in FILES else ".".join(base)


def test_every_module_has_its_line():
    assert {line_of(module) for module in MODULES} <= RANK.keys()


@twenty_at_a_time("module", MODULES)
def test_imports_go_to_lines_above(module):
    mine = line_of(module)
    for imported in imports(module):
        theirs = line_of(imported)
        if imported == "":  # the package itself, which loads the rest on first use: for the command line only
            assert mine == "__main__", f"{module} imports from the package's __init__"
        elif not (theirs == mine and mine in PARTS):
            assert RANK[theirs] < RANK[mine], f"{module} imports {imported}"


def circle_in(arrows):
    """The modules of a circle of imports; none where there is no circle."""
    done, way = set(), []

    def follow(module):
        if module in way:
            return way[way.index(module) :]
        if module in done:
            return []
        way.append(module)
        found = next(filter(None, map(follow, sorted(arrows.get(module, ())))), [])
        way.pop()
        done.add(module)
        return found

    return next(filter(None, map(follow, sorted(arrows))), [])


def test_no_circle_of_imports():
    arrows = {module: {x for x in imports(module, run=True) if x not in ("", module)} for module in MODULES}
    assert circle_in(arrows) == []


def test_no_circle_of_folders():
    """Inside formulas/ too, where a folder is one thing to the files beside it."""
    def part(module):
        return ".".join(module.split(".")[:2]) if module.startswith("formulas.") else line_of(module)

    arrows = {}
    for module in MODULES:
        arrows.setdefault(part(module), set()).update(
            part(x) for x in imports(module, run=True) if x and part(x) not in (part(module), "formulas"))
    assert {"formulas.normal", "formulas.targets", "formulas.grammar"} <= arrows.keys()
    assert circle_in(arrows) == []


def test_a_circle_is_seen():
    assert circle_in({"a": {"b"}, "b": {"c", "d"}, "d": {"b"}}) == ["b", "d"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}}) == []
    assert "documents.verdicts" in imports("documents.entry", run=True)
    assert "deriving.formula" in imports("deriving.program")
    assert "deriving.formula" not in imports("deriving.program", run=True)


def test_the_reader_of_imports_sees_them():
    assert {"engine.record", "operations.defining"} <= set(imports("operations.elementwise"))
    assert {"operations", "operations.elementwise", "engine.record", "engine.sweep"} <= set(imports("engine.tensor"))
    assert {"operations.costs"} <= set(imports("operations"))


def loaded_by(code):
    program = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_importing_the_package_loads_neither_pictures_nor_documents():
    loaded = loaded_by("import tinygrad_edu as tg; tg.grad(lambda x: x * x)(2.0)")
    heavy = {"graphviz", "pygraphviz", "scipy", "torch", "tinygrad_edu.drawing", "tinygrad_edu.documents"}
    heavy |= {"tinygrad_edu.deriving", "tinygrad_edu.comparing", "tinygrad_edu.compiling"}
    heavy |= {"tinygrad_edu.formulas.normal.terms", "tinygrad_edu.formulas.targets.mathml"}
    assert loaded & (heavy | {"tinygrad_edu.networks", "tinygrad_edu.data", "tinygrad_edu.__main__"}) == set()


def test_no_module_has_the_name_of_a_public_function():
    # import of such a module would replace the function: tg.tape would become the module tape
    public = {name for name in tg.__all__ if name not in tg._LATER or tg._LATER[name]}
    assert {name.split(".")[0] for name in MODULES} & public == set()
    assert {name.split(".")[1] for name in MODULES if name.startswith("operations.")} & set(operations.__all__) == set()


def test_public_names_are_there():
    for name in tg.__all__:
        assert getattr(tg, name) is not None
    assert len(set(tg.__all__)) == len(tg.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        tg.nonsense  # noqa: B018
    contract = """
        Tensor no_grad layer matmul hadamard hadamard_divide bullet kron diag diagflat transpose sigmoid softmax
        log_softmax log exp tanh relu identity coordinatewise squared_error cross_entropy softmax_cross_entropy grad
        value_and_grad vjp jvp jacobian hessian hvp adjoints checkpoint compile check_grad GradientError operation draw
        step_through compare audit documents
    """.split()
    assert set(contract) <= set(tg.__all__)


def test_one_word_one_thing():
    """No two classes have the same name, and no two files or folders: whoever reads one knows which it is."""
    classes = [node.name.lstrip("_") for module in MODULES for node in tree_of(module).body
               if isinstance(node, ast.ClassDef)]  # fmt: skip
    for words in (classes, [module.split(".")[-1] for module in MODULES]):
        assert [word for word, times in Counter(words).items() if times > 1] == []


# --- how long it is --------------------------------------------------------------------------------------------------


def code_lines(source):
    """The lines of a program without docstrings, comments and blank lines."""
    lines = set()
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_counting_lines():
    source = '"""Doc."""\n# comment\n\ndef f(x):  # why\n    """Doc\n\n    more."""\n    return """a\nb"""\n'
    assert code_lines(source) == 3


def test_the_heart_can_be_read_in_an_afternoon():
    """The mechanism. The operations are a vocabulary: a table of rules in each file, to be looked up."""
    heart = ["engine.record", "engine.sweep", "engine.tensor", "engine.transforms", "operations.defining"]
    figures = {module: code_lines(FILES[module].read_text(encoding="utf-8")) for module in heart}
    assert sum(figures.values()) < 1000, f"{sum(figures.values())} lines of code: {figures}"


@twenty_at_a_time("module", ["__init__", *(m for m in MODULES if line_of(m) != "documents")])
def test_no_file_is_above_500_lines(module):
    assert len(FILES[module].read_text(encoding="utf-8").splitlines()) <= 500


# --- what a rule is made of ------------------------------------------------------------------------------------------

TABLES = [(module, node) for module in MODULES if module.startswith("operations.") for node in ast.walk(tree_of(module))
          if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vjps"]  # fmt: skip
RULES = [
    (module, node)
    for module, table in TABLES
    for argument in table.args
    for node in ast.walk(argument)
    if isinstance(node, ast.Lambda)
]
FORMS = {"shape", "ndim", "size", "dtype"}  # what may be asked of a value; the numbers themselves may not


def faults(rule):
    """What a rule does that would not do for symbols: NumPy, the numbers themselves, tests of values."""
    for node in ast.walk(rule.body):
        if isinstance(node, ast.Name) and node.id in ("np", "numpy", "float", "int", "bool"):
            yield node.id
        elif isinstance(node, ast.Attribute) and node.attr in ("data", "_value", "item", "numpy"):
            yield f".{node.attr}"
        elif isinstance(node, ast.NamedExpr):
            yield ":="
        tests = {ast.Compare: lambda n: [n], ast.BoolOp: lambda n: n.values, ast.IfExp: lambda n: [n.test]}
        for kind, parts in tests.items():
            if isinstance(node, kind):
                yield from ("a test of values" for part in parts(node) if not about_forms(part))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and not about_forms(node.operand):
            yield "a test of values"


def about_forms(test):
    """Whether a test asks for shapes and parameters only: every value in it is read through .shape and the like, or
    it is compared with None."""
    if isinstance(test, ast.Compare) and all(isinstance(op, ast.Is | ast.IsNot) for op in test.ops):
        return True
    read = {id(node.value) for node in ast.walk(test) if isinstance(node, ast.Attribute) and node.attr in FORMS}
    return all(id(node) in read for node in ast.walk(test) if isinstance(node, ast.Name))


@twenty_at_a_time("module, rule", RULES, name=lambda row: f"{row[0]}:{row[1].lineno}:{row[1].col_offset}")
def test_a_rule_is_made_of_operators_and_operations(module, rule):
    assert list(faults(rule)) == [], ast.unparse(rule)


def test_there_are_rules():
    assert len(TABLES) > 40 and len(RULES) > 50


BAD_RULES = [
    "lambda g, out, x: g * np.sign(x)", "lambda g, out, x: g * x.data", "lambda g, out, x: g if x > 0 else 0 * g",
    "lambda g, out, x: g * (x == out)", "lambda g, out, x: x and g", "lambda g, out, x: g if x else g",
    "lambda g, out, x: g * float(x)", "lambda g, out, x: g * (not x)", "lambda g, out, x: g if x[0] in (1,) else g",
]  # fmt: skip
GOOD_RULES = [
    "lambda g, out, x: g * sign(x)", "lambda g, out, x: g if x.ndim == 2 else -g",
    "lambda g, out, x: g * (x.size or 1)",
    "lambda g, out, x, axes: f(g, None if axes is None else inverse(axes))",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_RULES)
def test_a_bad_rule_is_noticed(text):
    assert list(faults(ast.parse(text, mode="eval").body))


@pytest.mark.parametrize("text", GOOD_RULES)
def test_a_good_rule_is_not(text):
    assert not list(faults(ast.parse(text, mode="eval").body))


def test_every_operation_says_what_it_is():
    for name in operations.__all__:
        doc = getattr(operations, name).__doc__
        assert doc and ">>>" in doc, name


# --- what is known of an operation -----------------------------------------------------------------------------------

ABOVE = [module for module in MODULES if not module.startswith(("operations", "documents"))]
# Words that are not operations of the package's, though they are spelled like some, and why.
WORDS = {
    "formulas.grammar.calls": "functions that a formula may call", "comparing.edits": "causes of mistakes",
    "formulas.grammar.operands": "functions without parentheses",
    "numerals": "figures of an array", "engine.protocols": "functions of NumPy",
    "engine.views": "operators of Python", "formulas.grammar.tokens": "signs as words", "ascii_text": "signs as words",
}  # fmt: skip


def words(node):
    """The texts that a literal collects, as keys or as values."""
    if isinstance(node, ast.Set | ast.List | ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.Dict):
        parts = [*node.keys, *node.values]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return node.func.value.value.split() if isinstance(node.func.value, ast.Constant) else []
    else:
        return []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def asks_a_name(node):
    """Whether a comparison is one of an operation's key or name with texts."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    asked = any(isinstance(x, ast.Attribute) and x.attr in ("key", "name") and "operation" in ast.unparse(x.value)
                for x in sides)  # fmt: skip
    asked |= any(isinstance(x, ast.Call) and ast.unparse(x.func) in ("key_of", "name_of") for x in sides)
    texts = [*sides, *(part for x in sides for part in getattr(x, "elts", ()))]
    return asked and any(isinstance(x, ast.Constant) and isinstance(x.value, str) and x.value for x in texts)


def tables_of_names(tree):
    """What knows operations by name: collections of three or more of them, and questions for one."""
    for node in ast.walk(tree):
        if len(VOCABULARY.keys() & words(node)) >= 3:
            yield f"line {node.lineno}: a table of names of operations"
        elif asks_a_name(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@twenty_at_a_time("module", ABOVE)
def test_what_is_known_of_an_operation_stands_with_it(module):
    found = list(tables_of_names(tree_of(module)))
    if module in WORDS:
        assert found and all("a table" in each for each in found), found
    else:
        assert not found, f"{found}: give the operation a fact (operations.facts), or ask for the operation itself"


NAMED = [
    '{"sigmoid": 1, "tanh": 2, "relu": 3}', '{1: "sigmoid", 2: "tanh", 3: "relu"}', '{"sum", "mean", "max"}',
    '("sum", "mean", "max")', '"sum mean max".split()', 'operation.key == "sum"',
    'x._record.operation.key in ("a", "b")', 'name_of(node) == "sum"', '"sum" != key_of(line.operation)',
]  # fmt: skip
NOT_NAMED = ['{ops.sum, ops.mean, ops.max}', '"sum of all".split()', 'operation.key == ""', 'operation is ops.sum',
             'tree.kind == "sum"', '("sum", "mean")']  # fmt: skip


def test_a_table_of_names_is_noticed():
    assert all(list(tables_of_names(ast.parse(text))) for text in NAMED)
    assert not any(list(tables_of_names(ast.parse(text))) for text in NOT_NAMED)


# --- what is caught --------------------------------------------------------------------------------------------------

# Whatever may come: the user's own code runs there.
CATCHING = {
    "comparing.callables": "a user's function", "comparing.trial": "a user's operation",
    "engine.containers": "a user's class of dict", "operations.own": "a user's forward or rule",
    "lessons.grading": "a lecturer's own file; and of the answers of a class the others are to be marked",
}  # fmt: skip


def catches_all(tree):
    """Whether whatever comes is caught, or suppressed, somewhere."""
    caught = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught.append(node.type)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress":
            caught += node.args
    names = {part.id for each in caught if each for part in ast.walk(each) if isinstance(part, ast.Name)}
    return None in caught or not names.isdisjoint({"Exception", "BaseException"})


def test_only_what_a_user_runs_may_fail_in_any_way():
    assert {module for module in MODULES if catches_all(tree_of(module))} == CATCHING.keys()


@pytest.mark.parametrize("text", [
    "try: f()\nexcept Exception: pass", "try: f()\nexcept (ValueError, BaseException): pass", "try: f()\nexcept: pass",
    "with contextlib.suppress(Exception): f()",
])  # fmt: skip
def test_catching_all_is_noticed(text):
    assert catches_all(ast.parse(text))
    assert not catches_all(ast.parse(text.replace("BaseException", "KeyError").replace("except:", "except OSError:")
                                     .replace("Exception", "ValueError")))  # fmt: skip
