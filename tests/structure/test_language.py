"""Words that the documentation, the messages and the templates do not use; CONTRIBUTING.md has the rule.

A word is here once it is gone: `BANNED` maps each to what is written in its place.
"""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from tests.structure.source import tree

ROOT = Path(__file__).resolve().parents[2]
BANNED = {
    r"box(es)?": "node",
    r"mend(s|ed|ing)?": "fix",
    r"anew": "again",
    r"darkness": "offline period",
    r"epochs?": "key generation",
    r"fates?": "outcome",
    r"whoever": "anyone who",
    r"(nobody|somebody|not) (said|says)": "not reported, not set",
    r"(held|holds?|holding) against": "verify against",
    r"unless (it is )?said": "default: ...",
    r"is (asked|told|said)": "a verb with its subject",
    r"make it so": "apply",
    r"no such way in": "name the missing setting",
}
"""dict[regular expression of whole words -> what is written in its place]."""
STILL_IN_DOCSTRINGS = {"epochs?"}
"""Keys of `BANNED` that docstrings may have: Unix has an epoch."""
ALLOWED = re.compile(
    r"busybox|nats-box|box-sizing|border-box|SOURCE_DATE_EPOCH|`epoch`|`controlPlane.identity.epochs`"
    r"|\{% .*? %\}|\{\{.*?\}\}"
)
"""Names of other people's things, and the identifiers of templates."""


def prose(path: Path) -> str:
    """A file's text without other people's names."""
    return ALLOWED.sub("", path.read_text(encoding="utf-8"))


def messages(path: Path) -> Iterator[str]:
    """String literals of a module that are no docstrings and have more than one word."""
    nodes = [*ast.walk(tree(path))]
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = ALLOWED.sub("", node.value)
            if " " in text.strip():
                yield text


def explanations(path: Path) -> str:
    """Docstrings and comments of a module, without names in backticks and of parameters."""
    comments = re.findall(r"#.*", path.read_text(encoding="utf-8"))
    expressions = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)]
    docstrings = [str(value.value) for value in expressions if isinstance(value, ast.Constant)]
    return re.sub(r"`[^`]*`|^ +\w+: ", "", "\n".join(comments + docstrings), flags=re.MULTILINE)


def found(texts: dict[str, str], banned: Collection[str] = BANNED) -> list[str]:
    """Each banned word with where it is and what is written in its place."""
    any_of_them = re.compile(rf"\b({'|'.join(banned)})\b", re.IGNORECASE)
    return [
        f"{where}: {match[0]} (write: {BANNED[word]})"
        for where, text in texts.items()
        if any_of_them.search(text)
        for word in banned
        for match in re.finditer(rf"\b{word}\b", text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("banned", BANNED)
def test_each_word_is_recognised(banned: str) -> None:
    """The expressions are of words, so that `busybox` and `amend` pass."""
    assert re.search(rf"\b{banned}\b", "busybox amend fated", re.IGNORECASE) is None


def test_documents_use_plain_words() -> None:
    """Every page but the generated ones, whose texts are docstrings."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "components").rglob("*.md")]
    texts = {
        str(page.relative_to(ROOT)): prose(page)
        for page in pages
        if page.name not in {"CONTRIBUTING.md", "resources.md"}
    }
    assert len(texts) > 10
    assert [] == found(texts)


def test_templates_use_plain_words() -> None:
    """Comments, messages and the sheet."""
    files = [file for file in (ROOT / "templates").rglob("*") if file.is_file()]
    texts = {str(file.relative_to(ROOT)): prose(file) for file in files}
    assert len(texts) > 50
    assert [] == found(texts)


def test_messages_use_plain_words() -> None:
    """Problems, hints and the help of options."""
    texts = {
        f"{module.relative_to(ROOT)}: {text[:60]!r}": text
        for module in (ROOT / "components").rglob("*.py")
        for text in messages(module)
    }
    assert len(texts) > 500
    assert [] == found(texts)


def test_docstrings_and_comments_use_plain_words() -> None:
    """The same words."""
    modules = [*(ROOT / "components").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    texts = {
        str(module.relative_to(ROOT)): explanations(module) for module in modules if module != Path(__file__)
    }
    assert len(texts) > 400
    assert [] == found(texts, [word for word in BANNED if word not in STILL_IN_DOCSTRINGS])
