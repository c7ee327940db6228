"""A reader of formulas in Unicode, for tests: what is shown is computed as it is written, whatever terms it came from.

``·`` is the matrix product, ``∘`` and ``⊘`` broadcast, what stands side by side is multiplied by a number. A column of
ones is as long as its neighbours ask for.
"""

import re

import numpy as np

TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+(\.\d+)?(e-?\d+)?)|(?P<name>[A-Za-zΑ-Ωα-ω∇][A-Za-z0-9Α-Ωα-ω∇_]*′?)"
    r"|(?P<power>⁻[¹ᵀ]|ᵀ|[⁰¹²³⁴⁵⁶⁷⁸⁹ᐟ⁻]+)|(?P<sign>\^∘|[()\[\]‖√·∘⊘/+−=>|,])"
)
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


FUNCTIONS = {
    "exp": np.exp, "ln": np.log, "cos": np.cos, "sin": np.sin, "tanh": np.tanh, "sign": np.sign, "det": np.linalg.det,
    "σ": lambda z: 1 / (1 + np.exp(-z)), "diag": np.diagflat, "tr": np.trace, "max": np.max, "softmax": softmax,
    "H": lambda x: np.heaviside(x, 0.5),
}  # fmt: skip


class Ones:
    """1 or 1ᵀ: a column or a string of ones, as long as is asked for; alone it is a number that is broadcast."""

    def __init__(self, string=False):
        self.string = string

    @property
    def T(self):
        return Ones(not self.string)


def plain(x):
    return np.ones((1, 1)) if isinstance(x, Ones) else x


class Reader:
    def __init__(self, text, values):
        self.text, self.values, self.at, self.norm = text, values, 0, False
        self.tokens = []
        end = 0
        while end < len(text):
            match = TOKEN.match(text, end)
            assert match, f"cannot read {text[end:]!r} in {text!r}"
            end = match.end()
            self.tokens.append((match.lastgroup, match.group()))
        self.tokens.append(("end", ""))

    def peek(self, skip=True):
        while skip and self.tokens[self.at][0] == "space":
            self.at += 1
        return self.tokens[self.at]

    def take(self, text=None):
        kind, found = self.peek()
        assert text is None or found == text, f"{text!r} expected, not {found!r}, in {self.text!r}"
        self.at += 1
        return kind, found

    def sum(self):
        negative = self.peek()[1] == "−" and self.take()
        total = plain(self.product()) * (-1 if negative else 1)
        while self.peek()[1] in ("+", "−"):
            sign = self.take()[1]
            term = plain(self.product())
            total = total + term if sign == "+" else total - term
        return total

    def product(self):
        result = self.hadamard()
        while self.peek()[0] in ("number", "name") or self.peek()[1] in ("(", "√", "[", "" if self.norm else "‖"):
            if self.peek()[0] == "end":
                break
            result = plain(result) * plain(self.hadamard())
        return result

    def hadamard(self):
        result = self.chain()
        while self.peek()[1] in ("∘", "⊘", "/"):
            sign = self.take()[1]
            right = plain(self.chain())
            result = plain(result) * right if sign == "∘" else plain(result) / right
        return result

    def chain(self):
        factors = [self.postfix()]
        while self.peek()[1] == "·":
            self.take()
            factors.append(self.postfix())
        changed = True
        while changed and len(factors) > 1:  # sums first: 1ᵀ·A and A·1
            changed = False
            for i in range(len(factors) - 1):
                a, b = factors[i], factors[i + 1]
                if isinstance(a, Ones) and a.string and not isinstance(b, Ones):
                    factors[i : i + 2] = [b.sum(axis=0, keepdims=True)]
                elif isinstance(b, Ones) and not b.string and not isinstance(a, Ones):
                    factors[i : i + 2] = [a.sum(axis=1, keepdims=True)]
                else:
                    continue
                changed = True
                break
        result = factors[0]
        for b in factors[1:]:
            if isinstance(result, Ones) or isinstance(b, Ones):  # 1·row, column·1ᵀ: repeated
                result = plain(result) * plain(b)
            else:
                result = result * b if (1, 1) in (np.shape(result), np.shape(b)) else result @ b
        return result

    def postfix(self):
        result = self.atom()
        while self.peek(skip=False)[0] == "power" or self.peek(skip=False)[1] == "^∘":
            if self.peek()[1] == "^∘":
                self.take()
            power = self.take()[1]
            if power == "ᵀ":
                result = result.T
            elif power in ("⁻¹", "⁻ᵀ"):
                result = np.linalg.inv(result if power == "⁻¹" else result.T)
            else:
                above, _, below = power.translate(DIGITS).partition("ᐟ")
                result = plain(result) ** (int(above) / int(below or 1))
        return result

    def atom(self):
        kind, text = self.take()
        if kind == "number":
            if text == "1" and (self.peek(skip=False)[1] in ("ᵀ", "·") or self.tokens[self.at - 2][1] == "·"):
                return Ones()
            return np.full((1, 1), float(text))
        if kind == "name":
            following = self.peek(skip=False)[1]
            if following == "(":
                self.take("(")
                value = np.asarray(FUNCTIONS[text](self.sum()))
                self.take(")")
                return value if value.ndim else value.reshape(1, 1)
            if text == "ln":
                return np.log(self.atom())
            if text == "I" and text not in self.values:
                return np.eye(self.values[None])
            return self.values[text]
        if text == "√":
            return np.sqrt(plain(self.atom()))
        if text == "(":
            result = self.sum()
            self.take(")")
            return result
        if text == "‖":
            self.norm = True  # the next bar closes
            result = np.sqrt(np.sum(self.sum() ** 2)).reshape(1, 1)
            self.take("‖")
            self.norm = False
            return result
        if text == "[":
            left = self.sum()
            relation = self.take()[1]
            right = self.sum()
            self.take("]")
            return (left == right if relation == "=" else left > right).astype(float)
        raise AssertionError(f"{text!r} in {self.text!r}")


def read(text, values):
    """The numbers of a formula, for the matrices of its names."""
    reader = Reader(text, values)
    result = plain(reader.sum())
    assert reader.peek()[0] == "end", f"{reader.peek()} is left over in {text!r}"
    return result
