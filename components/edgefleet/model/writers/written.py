"""How a value stands in a file on a node: through a writer of the file's syntax, and in no other way.

A writer quotes a value so that the syntax's own reader reads that value again, or raises where the syntax
cannot express it. Fleet files have grammars of their own; this also holds for values from elsewhere.
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import wraps
from typing import Concatenate, ParamSpec, Self

from edgefleet.errors import InvalidInput

P = ParamSpec("P")
LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*"
"""Any text of one line."""


class Written(str):
    """Text of one syntax, made by a writer of it. What is derived from it by other means is a plain text."""

    __slots__ = ("syntax",)
    syntax: str

    def __new__(cls, text: str, syntax: str) -> Self:
        """`text`, in `syntax`."""
        written = super().__new__(cls, text)
        written.syntax = syntax
        return written


class Syntax:
    """A syntax with its writers, which templates use as filters by their functions' names.

    Args:
        title: its name in a sentence, ``a systemd unit``.
        templates: globs of the templates in it, without ``.j2``.
    """

    def __init__(self, title: str, *templates: str) -> None:
        self.title, self.templates = title, templates
        self.writers: dict[str, Callable[..., Written]] = {"number": self._number}

    def writer(self, write: Callable[Concatenate[str, P], str]) -> Callable[Concatenate[object, P], Written]:
        """Register a function from a value, as text, to its form in this syntax."""

        @wraps(write)
        def writing(value: object, /, *args: P.args, **kwargs: P.kwargs) -> Written:
            return Written(write(str(value), *args, **kwargs), self.title)

        self.writers[write.__name__] = writing
        return writing

    def has(self, template: str) -> bool:
        """Whether `template` is in this syntax."""
        return any(fnmatchcase(template.removesuffix(".j2"), glob) for glob in self.templates)

    def words(self, one: Callable[[object], Written], name: str) -> Callable[[Iterable[object]], Written]:
        """Register the writer `name` of a list: what `one` makes of each value, with blanks between."""

        def writing(values: Iterable[object]) -> Written:
            return Written(" ".join(map(one, values)), self.title)

        self.writers[name] = writing
        return writing

    def check(self, text: str, pattern: str) -> str:
        """`text`, if all of it matches `pattern`.

        Raises:
            InvalidInput: it does not.
        """
        if not re.fullmatch(pattern, text):
            raise self.refusal(text, f"only what matches {pattern} may stand there")
        return text

    def refusal(self, text: str, rule: str) -> InvalidInput:
        """The error of a text that the syntax cannot express; it may be a secret, so it is not repeated."""
        problem = f"a value of {len(text)} characters cannot be written into {self.title}"
        return InvalidInput.at("", "unwritable", problem, rule)

    def _number(self, value: object) -> Written:
        """A whole number."""
        if type(value) is not int:
            raise self.refusal(str(value), "only a whole number may stand there")
        return Written(str(value), self.title)
