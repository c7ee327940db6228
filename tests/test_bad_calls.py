"""Every public function is handed what is wrong, argument by argument: it says so in one line, in its own name."""

import contextlib
import io
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.arguments import KINDS, checked, shown
from tinygrad_edu.networks import SGD, Adam, Dense, Momentum, Sequence

rng = np.random.default_rng(0)
X = rng.uniform(0.5, 1.5, (2, 3))


def leaf(x):
    return tg.Tensor(x, requires_grad=True)


class Empty:
    pass


WRONG = {
    "None": None, "3": 3, "-1": -1, "1.5": 1.5, "a word": "word", "[]": [], "{}": {}, "an object": object(),
    "nan": float("nan"), "an array": np.ones((4, 5)), "a Tensor": leaf(np.ones((4, 5))), "a class": Empty,
    "a function": lambda a, b, c, d, e: a, "True": True, "a tuple": (0, "a"), "bytes": b"x", "complex": 1j,
    "many digits": 10**5000,
}  # fmt: skip
W = tg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="W")
A = tg.sigmoid(W @ tg.Tensor(rng.normal(size=(2, 4)), name="x")).named("a")
LOSS = tg.squared_error(tg.Tensor(rng.uniform(size=(3, 4)), name="t"), A)
GOOD_DIRECTION = np.ones((2, 3))


def square(x):
    return tg.sum(x * x)


def transform(name):
    return name, lambda f, argnum: getattr(tg, name)(f, argnum)(X), {"f": square, "argnum": 0}


def method(name, /, **given):
    return f"Tensor.{name}", lambda **given: getattr(leaf(np.ones((1, 1))), name)(**given), given


def attribute(name, value):
    return f"Tensor.{name}", lambda value: setattr(leaf(np.ones((1, 1))), name, value), {"value": value}


NUMBERS = {"3", "-1", "1.5", "nan", "True"}  # one number is an array too
ARRAYS = {*NUMBERS, "an array", "a Tensor"}
CALLABLE = {"a class", "a function"}  # what they are is theirs to say
NAME = {"None", "a word"}
SWITCH = {"True"}
SEED = {"3", "many digits"}
CALLS = [  # the name in messages, a call, its arguments when all is well, and which of the wrong things are none there
    ("Tensor", tg.Tensor, {"data": X, "requires_grad": True, "name": "W", "dtype": float},
     {"data": ARRAYS - {"a Tensor"} | {"[]"}, "requires_grad": SWITCH, "name": NAME, "dtype": {"None", "a Tensor"}}),
    *((*transform(name), {"f": CALLABLE, "argnum": {"-1"}})
      for name in "grad value_and_grad jacobian hessian compile".split()),
    ("hvp", lambda f, argnum: tg.hvp(f, argnum)(X, GOOD_DIRECTION), {"f": square, "argnum": 0},
     {"f": CALLABLE, "argnum": {"-1"}}),
    ("hvp", lambda v: tg.hvp(square)(X, v), {"v": GOOD_DIRECTION}, {}),
    ("vjp", lambda f: tg.vjp(f, X), {"f": square}, {"f": CALLABLE}),
    ("vjp", lambda g: tg.vjp(square, X)[1](g), {"g": 1.0}, {"g": NUMBERS | {"None"}}),
    ("jvp", tg.jvp, {"f": square, "args": (X,), "tangents": (X,)}, {"f": CALLABLE}),
    ("adjoints", tg.adjoints, {"loss": LOSS, "wrt": W, "gradient": 1.0, "create_graph": False},
     {"wrt": {"[]", "a Tensor"}, "gradient": NUMBERS | {"None"}, "create_graph": SWITCH}),
    ("check_grad", lambda f, **given: tg.check_grad(f, X, **given),
     {"f": square, "order": 2, "rtol": 1e-5, "atol": 1e-7, "seed": 0},
     {"f": CALLABLE, "order": {"3"}, "rtol": {"3", "1.5"}, "atol": {"3", "1.5"}, "seed": SEED}),
    ("checkpoint", tg.checkpoint, {"f": square}, {"f": CALLABLE}),
    ("layer", tg.layer, {"name": "one"}, {"name": {"a word"}}),
    ("tape", tg.tape, {"loss": LOSS, "adjoints": True}, {"loss": {"a Tensor"}, "adjoints": SWITCH}),
    ("draw", tg.draw, {"loss": LOSS, "backward": False, "values": "auto", "formulas": True, "depth": None,
                       "direction": "LR", "theme": "light", "legend": False},
     {"loss": {"a Tensor"}, "backward": SWITCH, "values": SWITCH, "formulas": SWITCH, "legend": SWITCH,
      "depth": {"None", "3", "many digits"}}),
    ("animate", tg.animate, {"loss": LOSS, "seconds": 2.0, "theme": "light", "assume": ()},
     {"seconds": {"3", "1.5"}, "assume": {"[]"}}),
    ("derive", tg.derive, {"loss": LOSS, "wrt": W, "form": "recursive", "assume": (), "activation": "prime",
                           "broadcasting": "implied"},
     {"assume": {"[]"}}),
    ("compare", tg.compare, {"loss": LOSS, "wrt": W, "formula": "W", "rtol": 1e-7, "names": {}},
     {"formula": ARRAYS | CALLABLE | {"[]"}, "rtol": {"None", "3", "1.5"}, "names": {"None", "{}"}}),
    ("compare", lambda target: tg.compare(LOSS, W, "q", names={"q": target}), {"target": "W"},
     {"target": {"3", "-1", "1.5"}}),
    ("operation", lambda name, forward, rule, **given: tg.operation(name, forward, rule, **given),
     {"name": "own", "forward": np.square, "rule": lambda g, out, x: 2 * g * x, "symbol": None, "broadcasts": False,
      "source": None},
     {"name": {"a word"}, "forward": CALLABLE, "rule": CALLABLE | {"None"}, "symbol": NAME, "source": NAME,
      "broadcasts": SWITCH}),
    ("Dense", Dense, {"inputs": 2, "outputs": 3, "activation": tg.tanh, "bias": True, "seed": 0, "name": "one",
                      "dtype": float},
     {"inputs": {"3"}, "outputs": {"3"}, "activation": CALLABLE, "bias": SWITCH,
      "seed": {"3", "None", "many digits"}, "name": NAME, "dtype": {"None", "a Tensor"}}),
    ("Sequence", lambda layer: Sequence(layer), {"layer": tg.tanh}, {"layer": CALLABLE}),
    *((kind.__name__, kind, {"parameters": [W], "rate": 0.1, **others},
       {"rate": {"3", "1.5"}, "epsilon": {"3", "1.5"}})
      for kind, others in ((SGD, {}), (Momentum, {"momentum": 0.5}),
                           (Adam, {"beta1": 0.5, "beta2": 0.5, "epsilon": 1e-8}))),
    ("moons", tg.data.moons, {"n": 4, "noise": 0.1, "seed": 0}, {"n": {"3"}, "noise": {"3", "1.5"}, "seed": SEED}),
    ("spirals", tg.data.spirals, {"n": 4, "classes": 3, "noise": 0.1, "seed": 0},
     {"n": {"3"}, "classes": {"3"}, "noise": {"3", "1.5"}, "seed": SEED}),
    ("progress", tg.lessons.progress, {"iterable": [1], "label": "epochs"},
     {"iterable": {"a word", "[]", "{}", "an array", "a Tensor", "a tuple", "bytes"}, "label": {"a word"}}),
    ("one_hot", tg.data.one_hot, {"labels": [0, 2], "classes": 3},
     {"labels": {"[]", "a Tensor"}, "classes": {"3"}}),
    (*method("backward", gradient=None, create_graph=False), {"gradient": {"None"}, "create_graph": SWITCH}),
    (*method("named", name="W"), {"name": NAME}),
    (*method("astype", dtype=np.float32), {"dtype": {"None", "a Tensor"}}),
    (*method("sum", axis=None, keepdims=False), {"axis": {"None", "-1", "True"}, "keepdims": {"3", "-1", "True"}}),
    (*method("transpose", axes=None), {"axes": {"None", "[]", "{}"}}),
    (*method("reshape", order="C"), {}),
    *((*attribute(*pair), {"value": right}) for pair, right in (
        (("grad", None), {"None"}), (("name", "W"), NAME), (("data", np.ones((1, 1))), set()))),
    *((f"documents.{each.name}", lambda id, each=each: each[id], {"id": next(iter(each))}, {})
      for each in (tg.documents.sabine, tg.documents.mishachev)),
]  # fmt: skip
CASES = {f"{i}, {name}({key})": (name, call, given, key, right.get(key, set()))
         for i, (name, call, given, right) in enumerate(CALLS) for key in given}  # fmt: skip
FOREIGN = re.compile(  # words of Python's and NumPy's that do not say what is wrong
    r"unsupported operand|' object is not|not supported between|has no attribute|data type '|could not convert|"
    r"cannot be interpreted|not iterable|unhashable|expected string or|truth value|no len|must be real number|"
    r"set_int_max_str_digits|positional argument"
)


ALSO = {"value_and_grad": "grad", "hessian": "jacobian"}  # of which these are made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_in_one_line_with_the_name(case):
    name, call, given, key, right = CASES[case]
    short = name.split(".")[-1]
    with contextlib.redirect_stdout(io.StringIO()):
        call(**given)
        for what, value in WRONG.items():
            if what in right:
                continue
            with pytest.raises((TypeError, ValueError)) as caught:
                call(**{**given, key: value})
                pytest.fail(f"{what} is taken")
            message = str(caught.value)
            assert "\n" not in message and len(message) < 400, f"{what}: {message}"
            assert not FOREIGN.search(message), f"{what}: {message}"
            assert re.match(rf"({short}|{ALSO.get(short, short)})\b", message), f"{what}: {message}"


def test_numbers_in_a_table_of_kinds():
    holds = {kind: {what for what, value in WRONG.items() if test(value)} for kind, (test, _) in KINDS.items()}
    assert holds["int"] == {"3", "-1", "many digits"} and holds["Natural"] == {"3", "many digits"}
    assert holds["Positive"] == {"3"} and holds["Tolerance"] == {"3", "1.5"}
    assert holds["float"] == {"3", "-1", "1.5", "nan"} and holds["bool"] == {"True"}
    for kind, right in {"float": np.array(0.5), "int": np.int32(2), "bool": np.True_, "Tolerance": np.inf}.items():
        assert KINDS[kind][0](right)
    assert not KINDS["float"][0](np.ones(1)) and not KINDS["tuple[int, ...]"][0]((1, True))


def test_what_annotations_leave_open_is_not_looked_at():
    @checked
    def f(x: "float", y: "list[int]" = "anything", *rest: "int", z: "int | None" = None) -> "str":
        return f"{x}{y}{rest}{z}"

    assert f(1, 2, "rest", z=None) == "12('rest',)None" and f(x=1.5) == "1.5anything()None"
    for attempt, said in (
        (lambda: f("1"), "f: expected a number, got str '1'"), (lambda: f(x=None), "f: expected a number, got None"),
        (lambda: f(1, z=1.5), "f: z must be a whole number or None, got float 1.5"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
            attempt()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        f()


def test_what_came_is_shown_in_a_few_words():
    assert [shown(x) for x in (None, 10**30, 10**50, "a" * 90, X, leaf(X), [1, 2], len)] == [
        "None", f"int {10**30}", "an int of 167 bits", f"str '{'a' * 58}…", "ndarray (2, 3)", "Tensor (2, 3)", "list",
        "builtin_function_or_method",
    ]  # fmt: skip


MORE = {  # neighbours, and what their message says
    "a Tensor that is not on the tape": (
        lambda: tg.compare(LOSS, W, "q", names={"q": leaf(1.0)}),
        r"names= maps q to Tensor \(\), which the tape does not have"),
    "no names": (lambda: tg.compare(LOSS, W, max), r"compare: the arguments of the formula have no names"),
    "a key that is no name": (lambda: tg.compare(LOSS, W, "W", names={3: W}), r"compare: names= maps .* got int 3"),
    "a high order": (lambda: tg.check_grad(square, X, order=7), r"check_grad: order must be from 1 to 6, got int 7"),
    "no dtype": (lambda: tg.Tensor(X, dtype="foo"), r"Tensor: expected a real dtype, got str 'foo'"),
    "roll": (lambda: np.roll(leaf(X), "a"), r"roll: expected whole numbers, got 'a'"),
    "tile": (lambda: np.tile(leaf(X), "a"), r"tile: expected whole numbers, got 'a'"),
    "whole parts": (lambda: leaf(X) // "a", r"floor_divide: .*expected real numbers"),
    "many digits": (lambda: leaf(X) + 10**5000, r"add: .*an int of 16610 bits.*: a whole number is too large$"),
    "whole parts of many digits": (lambda: leaf(X) // 10**400, r"floor_divide: .*a whole number is too large$"),
    "rot90": (lambda: np.rot90(leaf(X), "a"), r"rot90: expected whole numbers$"),
    "split": (lambda: np.split(leaf(X), "a"), r"split: expected whole numbers$"),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_neighbours(name):
    attempt, said = MORE[name]
    with pytest.raises((TypeError, ValueError), match=said):
        attempt()


def test_an_entry_that_is_not_there_is_a_key_error_and_a_value_error():
    for kind in (KeyError, ValueError):
        with pytest.raises(kind) as caught:
            tg.documents.sabine["x"]
        assert str(caught.value).startswith("sabine: no entry 'x'; the closest: sabine-")
