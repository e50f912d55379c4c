"""Rules of text in a fleet file, and the errors of values: a code, a problem and a hint."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from edgefleet.errors import without_login
from edgefleet.model.spec import outside_name

SECRET_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"  # noqa: S105 - a pattern
"""Pattern of the name of a secret of the stack."""
NAMES_SECRET = "write {secret: NAME}, and set it: edgefleet init -s STACK --passphrase NAME"  # noqa: S105 - a hint
_REFERENCE = re.compile(rf"\{{secret: ({SECRET_NAME})\}}")
_REFERENCE_SCHEMA = {
    "type": "object",
    "properties": {"secret": {"type": "string", "pattern": f"^{SECRET_NAME}$"}},
    "required": ["secret"],
    "additionalProperties": False,
}
LONGEST = 60
"""Characters of a wrong value that a message repeats."""
READER = "text_of_project"
"""Key of pydantic's context: the function from a path in the project to the text of that file."""
FILE = "file:"
"""What a text begins with that is the path of a file of the project."""


def shown(value: object) -> str:
    """`value` as a message repeats it: one line, cut, printable; no private key, no login of an address.

    What is in a map or a list is not repeated: a key in there may name a secret.
    """
    kinds: dict[type, str] = {dict: "a map", list: "a list", type(None): "nothing"}
    if type(value) in kinds:
        return kinds[type(value)]
    text = str(value)
    if "PRIVATE KEY" in text:
        return "a private key"
    if re.match(r"\$[0-9a-z]{1,8}\$", text):
        return "a password hash"
    if secret_name(text) is not None:  # people write the secret itself there
        return "a secret of the stack"
    text = without_login(text)
    text = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return "".join(character if character.isprintable() else "?" for character in text) or '""'


def reference(name: str) -> str:
    """The text that stands for the stack's secret `name`, as YAML writes it: ``{secret: NAME}``."""
    return f"{{secret: {name}}}"


def secret_name(text: str) -> str | None:
    """The name of the secret that `text` refers to; `None` where it is another text."""
    found = _REFERENCE.fullmatch(text) if text.startswith("{") else None
    return found[1] if found else None


def as_reference(value: Any) -> Any:
    """The map ``{secret: NAME}`` as the text of a reference, anything else as it is.

    Raises:
        PydanticCustomError: it names no secret.
    """
    if not isinstance(value, Mapping) or value.keys() != {"secret"}:
        return value
    name = value["secret"]
    if not isinstance(name, str) or secret_name(text := reference(name)) is None:
        hint = "give the name that the stack has it under, never the secret itself"
        raise wrong("bad-secret-name", "this is not a name of a secret", hint)
    return text


def wrong(code: str, problem: str, hint: str) -> PydanticCustomError:
    """The error of a validator; `edgefleet.model.pydantic_errors` makes a `Problem` of it."""
    return PydanticCustomError("edgefleet", "{problem}", {"problem": problem, "hint": hint, "code": code})


def likely(name: str, known: Collection[str]) -> str:
    """A hint with the member of `known` that is closest to `name`; empty where none is close."""
    spelled = outside_name(name)
    close = [spelled] if spelled in known else get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(map(shown, close))}?" if close else ""


def few(names: Sequence[str], most: int = 3) -> str:
    """The first `most` of `names`, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def nearest(name: str, names: Any, *, otherwise: str = "") -> str:
    """A hint with the closest of `names`, else all of them if they are few."""
    ordered = sorted(names, key=lambda known: (int(known) if known.isdecimal() else 0, known))
    if hint := likely(name[: 2 * LONGEST], ordered):
        return hint
    few = 12
    named = [*map(shown, ordered[:few])]
    if len(ordered) == 1:
        return f"write {named[0]}"
    if ordered and len(ordered) <= few:
        return "one of: " + ", ".join(named)
    return otherwise or f"one of: {', '.join(named)}, ... ({len(ordered)} in all)"


def included(value: Any, info: ValidationInfo) -> Any:
    """The text of the file of the project that `value` names, where a fleet file is read.

    Raises:
        PydanticCustomError: the file cannot be read.
    """
    read: Callable[[str], str] | None = (info.context or {}).get(READER)
    is_path = isinstance(value, str) and value.startswith(FILE)
    return read(value.removeprefix(FILE)) if read is not None and is_path else value


@dataclass(frozen=True)
class Grammar:
    """What a text may be: a marker, ``Annotated[str, Grammar(...)]``, that validates it and is in its schema.

    Every text of a fleet file has one, because it ends in a file that root reads on a node. All are of
    printable ASCII alone, except where `is_ascii` is false; none has a control or bidirectional character.
    """

    pattern: str
    """Regular expression of the whole text, which Python and JSON Schema read alike."""
    code: str
    """The problem's code."""
    what: str
    """The kind of text, ``an RFC 1123 label``."""
    hint: str | Callable[[str], str]
    """The problem's hint, or how it follows from the wrong text."""
    longest: int = 253
    """Characters."""
    then: Callable[[str], str] | None = None
    """A further check of a text with this pattern; it returns the value to keep, or raises `wrong`."""
    is_ascii: bool = True
    is_trimmed: bool = False
    """Whether blanks and line ends around it are dropped."""
    has_lines: bool = False
    """Whether it may have several lines, and tabs."""
    may_be_file: bool = False
    """Whether a fleet file may write ``file:<path in the project>`` in its place; specs have the text."""
    is_private: bool = False
    """Whether a wrong text is not repeated, because it may be a secret."""
    refers: Literal["never", "may", "must"] = "never"
    """Whether a secret of the stack may stand in its place, or must: of texts that end in files of a node
    alone, as edgefleet does not compute with what it does not know."""
    examples: tuple[str, ...] = ()

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def __call__(self, text: str) -> str:
        """`text` in its one form.

        Raises:
            PydanticCustomError: it is no such text.
        """
        text = text.strip() if self.is_trimmed else text
        if len(text) > self.longest:
            raise self._wrong(text, f"has {len(text):,} characters, {self.what} has at most {self.longest}")
        line = text.replace("\n", "").replace("\t", "") if self.has_lines else text
        is_clean = line.isprintable() and (line.isascii() or not self.is_ascii)
        if not is_clean or not self._compiled.fullmatch(text):
            raise self._wrong(text, f"is not {self.what}")
        return text if self.then is None else self.then(text)

    def accepts(self, text: str) -> bool:
        """Whether `text` is one."""
        try:
            self(text)
        except PydanticCustomError:
            return False
        return True

    def _wrong(self, text: str, problem: str) -> PydanticCustomError:
        hint = self.hint if isinstance(self.hint, str) else self.hint(text[: 2 * LONGEST])
        is_private = self.is_private or self.refers == "must"
        return wrong(self.code, f"{'this' if is_private else shown(text)} {problem}", hint)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate after the type; a reference to a secret has no other rule."""
        written = core_schema.no_info_after_validator_function(self._written, handler(source))
        read = (
            core_schema.with_info_before_validator_function(included, written)
            if self.may_be_file
            else written
        )
        return core_schema.no_info_before_validator_function(self._referring, read)

    def _referring(self, value: Any) -> Any:
        value = as_reference(value)
        if self.refers == "must" and isinstance(value, Mapping):
            raise self._plain()
        return value

    def _plain(self) -> PydanticCustomError:
        return wrong("plain-secret", f"{self.what} never stands in a fleet file or a program", NAMES_SECRET)

    def _written(self, text: str) -> str:
        """`text` as a spec holds it.

        Raises:
            PydanticCustomError: it is no such text, or must or must not be a secret of the stack.
        """
        name = secret_name(text)
        if name is not None and self.refers != "never":
            return reference(name)
        if name is not None:
            problem = f"{self.what} cannot be a secret of the stack"
            raise wrong("no-secret", problem, f"write {self.what} itself")
        if self.refers == "must":
            raise self._plain()
        return self(text)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Pattern and length beside the type."""
        pattern = {} if self.may_be_file else {"pattern": f"^(?:{self.pattern})$"}
        described = {**handler(schema), **pattern, "maxLength": self.longest}
        described |= {"examples": [*self.examples]} if self.examples else {}
        if self.refers == "never" or handler.mode == "serialization":
            return described
        return _REFERENCE_SCHEMA if self.refers == "must" else {"anyOf": [described, _REFERENCE_SCHEMA]}


LOGIN = Grammar(
    r"[^\x00-\x1f\x7f-\x9f:]+:[^\x00-\x1f\x7f-\x9f]+",
    "bad-login",
    "a login",
    "write it as <user>:<password>",
    500,
    is_ascii=False,
    refers="must",
)
"""A secret in two parts."""


def checked(check: Callable[[Any], Any]) -> AfterValidator:
    """`check` as a validator: it returns the value to keep or raises `wrong`."""
    return AfterValidator(check)
