"""A reader of the part of PromQL that our rules and panels use; anything else is an error.

It computes at one time, over samples without history. Source: Prometheus docs, querying/basics and operators.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Samples = Mapping[str, Vector]
"""dict[metric -> its samples]."""
_TOKEN = re.compile(r'\s*(?:(\d+(?:\.\d+)?)|([a-z_$][a-z0-9_]*)|("[^"\\]*")|(=~|==|[-+*/<>=(){},]))')
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
_COMPUTED: Mapping[str, Callable[[float, float], float]] = {
    "-": lambda left, right: left - right,
    "+": lambda left, right: left + right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_AGGREGATED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "max": max,
    "count": lambda values: float(len(values)),
}
_RANKED = {"topk": True, "bottomk": False}


def evaluate(expr: str, samples: Samples, now: float) -> Vector:
    """The samples that `expr` gives; a metric that is not among `samples` is an error."""
    reader = _Reader(_tokens(expr), samples, now)
    value = reader.either()
    assert [] == reader.tokens, f"{expr}: {reader.tokens} is left"
    assert isinstance(value, dict)
    return value


def _tokens(expr: str) -> list[str]:
    tokens, at = [], 0
    while at < len(expr.rstrip()):
        match = _TOKEN.match(expr, at)
        assert match, f"{expr[at:]} is none of our PromQL"
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


@dataclass
class _Reader:
    tokens: list[str]
    samples: Samples
    now: float

    def take(self, *expected: str) -> str:
        """The next token, which must be one of `expected` if there are any."""
        token = self.tokens.pop(0)
        assert not expected or token in expected, f"{token} where {expected} was expected"
        return token

    def next_is(self, *tokens: str) -> bool:
        """Whether the next token is one of these."""
        return bool(self.tokens) and self.tokens[0] in tokens

    def either(self) -> Vector | float:
        """``a or b``."""
        left = self.compared()
        while self.next_is("or"):
            self.take()
            right = self.compared()
            assert isinstance(left, dict)
            assert isinstance(right, dict)
            left = {**right, **left}
        return left

    def compared(self) -> Vector | float:
        """``a < b``, which keeps the samples of `a` for which it holds."""
        left = self.computed(("-", "+"), lambda: self.computed(("*", "/"), self.operand))
        if self.next_is(*_COMPARED):
            holds = _COMPARED[self.take()]
            right = self.computed(("-", "+"), lambda: self.computed(("*", "/"), self.operand))
            assert isinstance(left, dict)
            pairs = {key: right if isinstance(right, float) else right.get(key) for key in left}
            left = {
                key: left[key]
                for key, other in pairs.items()
                if other is not None and holds(left[key], other)
            }
        return left

    def computed(self, signs: tuple[str, ...], operand: Callable[[], Vector | float]) -> Vector | float:
        """Operands with `signs` between them, from left to right."""
        left = operand()
        while self.next_is(*signs):
            operation, right = _COMPUTED[self.take()], operand()
            if isinstance(left, dict) and isinstance(right, dict):
                left = {key: operation(left[key], right[key]) for key in left.keys() & right.keys()}
            elif isinstance(left, dict) and isinstance(right, float):
                left = {key: operation(value, right) for key, value in left.items()}
            elif isinstance(left, float) and isinstance(right, dict):
                left = {key: operation(left, value) for key, value in right.items()}
            else:
                pytest.fail("two numbers")
        return left

    def operand(self) -> Vector | float:
        """A number, a selector, a function or an aggregation."""
        word = self.take()
        if word == "(":
            value = self.either()
            self.take(")")
            return value
        if word[0].isdigit():
            return float(word)
        if word == "time":
            self.take("(")
            self.take(")")
            return self.now
        if word in _AGGREGATED:
            return self.aggregated(_AGGREGATED[word])
        if word in {"abs", "absent", *_RANKED}:
            return self.function(word)
        return self.selected(word)

    def function(self, name: str) -> Vector:
        """A function of a vector."""
        self.take("(")
        most = 0
        if name in _RANKED:
            most = int(self.take())
            self.take(",")
        vector = self.either()
        self.take(")")
        assert isinstance(vector, dict)
        if name == "absent":
            return {} if vector else {frozenset(): 1.0}
        if name == "abs":
            return {key: abs(value) for key, value in vector.items()}
        ordered = sorted(vector.items(), key=lambda item: item[1], reverse=_RANKED[name])
        return dict(ordered[:most])

    def aggregated(self, reduce: Callable[[Sequence[float]], float]) -> Vector:
        """``max by (a, b) (vector)``."""
        self.take("by")
        names = self.names()
        self.take("(")
        vector = self.either()
        self.take(")")
        assert isinstance(vector, dict)
        groups: dict[Labels, list[float]] = {}
        for labels, value in vector.items():
            groups.setdefault(frozenset(pair for pair in labels if pair[0] in names), []).append(value)
        return {labels: float(reduce(values)) for labels, values in groups.items()}

    def names(self) -> set[str]:
        """``(a, b)``."""
        self.take("(")
        found = {self.take()}
        while self.take(",", ")") == ",":
            found.add(self.take())
        return found

    def selected(self, metric: str) -> Vector:
        """``metric{label=~"a|b"}``."""
        assert metric in self.samples, f"there is no metric {metric}"
        vector = self.samples[metric]
        if not self.next_is("{"):
            return vector
        self.take("{")
        while True:
            label, sign, pattern = self.take(), self.take("=", "=~"), self.take()[1:-1]
            expression = pattern if sign == "=~" else re.escape(pattern)
            vector = {
                key: value
                for key, value in vector.items()
                if re.fullmatch(expression, dict(key).get(label, "")) is not None
            }
            if self.take(",", "}") == "}":
                return vector
