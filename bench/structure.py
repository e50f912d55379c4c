"""``make metrics``: how large the code is, and how many files each kind of thing takes, as Markdown tables.

``python -m bench.structure [CHECKOUT]`` measures any checkout, so that one script compares two commits.
Counted are ``components/**/*.py`` and, for files of a thing, ``templates/``; never tests or documentation.

* **Lines** are all lines of a file. A *package* is a folder directly below ``components/<root>/``; modules
  directly in a root are its ``(top)``. A *function* is each ``def``, nested ones too.
* **Files of a thing** (an image format, boot step, runtime, cloud kind, command) are those that name it: a
  module of its name (of a command: in ``commands`` alone); a module that imports it, or has its dotted name
  or ``name:function`` in a text; a module with a text constant that is the thing's name (formats, runtimes)
  or its type token (cloud kinds); a template whose path has the name. A registry that names the thing counts,
  as a new one is written into it.
* **Files of a field** are those with an identifier or a text constant that is its name as users write it
  (``breakGlass``) or as Python does (``break_glass``), and templates with that word. Counted are the fields
  of the fleet file's JSON Schema whose name has two words or more and stands in one definition: other names
  are words of the language, too. Classes that ``make schema`` generates are left out.
* **Hops of network.address** are the files that name that datum: ``network.address`` as an attribute or in a
  text, a field ``address`` of a class whose name has "Network", or a text constant "address" in a module that
  names ``network``. Its *parsers* are calls of ``ip_interface``: no other text of a fleet file has that form.
"""

import ast
import json
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FORMATS = ("ignition", "ipxe", "iso", "nocloud", "nocloud-dir", "raw", "script")
SERVANTS = ("session", "screen")
"""Modules that the registry of commands imports and that are no commands."""
ENGINES = ("edgefleet.local", "pulumi_embedded")
"""Where the embedded engine is: before and after it became a package of its own."""
GENERATED = ("fleet", "aws")
TYPE_TOKEN = "edgefleet:aws:"  # noqa: S105 - of a resource type


@dataclass(frozen=True)
class Module:
    """A Python file of the checkout."""

    path: Path
    """Relative to ``components``."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """All of them."""
        return len(self.text.splitlines())

    @property
    def package(self) -> str:
        """``edgefleet.model``; ``edgefleet (top)`` for a module directly in it."""
        root, *folders = self.path.parts
        return f"{root}.{folders[0]}" if len(folders) > 1 else f"{root} (top)"

    @property
    def is_engine(self) -> bool:
        """Whether it is of the embedded engine."""
        return self.package in ENGINES or self.path.parts[0] in ENGINES

    @cached_property
    def imported(self) -> frozenset[str]:
        """Dotted names of what it imports: ``edgefleet.images.iso``."""
        return frozenset(_imported(self.tree))

    @cached_property
    def texts(self) -> frozenset[str]:
        """Its text constants, docstrings left out."""
        documentation = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        return frozenset(
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Its identifiers."""
        return frozenset(_identifiers(self.tree))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _identifiers(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@dataclass(frozen=True)
class Checkout:
    """A tree of the project."""

    root: Path

    @cached_property
    def modules(self) -> list[Module]:
        """Every Python file below ``components``."""
        components = self.root / "components"
        return [
            Module(file.relative_to(components), file.read_text())
            for file in sorted(components.rglob("*.py"))
            if "__pycache__" not in file.parts
        ]

    @cached_property
    def native(self) -> list[Module]:
        """`modules` without the importers: they read words of other tools, no new thing needs them."""
        return [module for module in self.modules if "imports" not in module.path.parts]

    @cached_property
    def templates(self) -> dict[str, str]:
        """dict[path below ``templates`` -> text]."""
        folder = self.root / "templates"
        return {
            str(file.relative_to(folder)): file.read_text(errors="replace")
            for file in sorted(folder.rglob("*"))
            if file.is_file() and "__pycache__" not in file.parts
        }

    def stems(self, package: str) -> list[str]:
        """Names of the modules directly in a package of edgefleet, those with an underscore left out."""
        return [
            module.path.stem
            for module in self.modules
            if module.path.parent == Path("edgefleet") / package and not module.path.stem.startswith("_")
        ]


def files_of(checkout: Checkout, package: str, name: str, texts: Iterable[str] = ()) -> int:
    """Files that name the thing `name` of `package`; `texts` are constants that are its name."""
    stem = name.replace("-", "_")
    dotted = f"edgefleet.{package}.{stem}"
    constants = set(texts)
    modules = [
        module
        for module in checkout.native
        if (module.path.stem == stem and (package != "commands" or module.package == "edgefleet.commands"))
        or any(found == dotted or found.startswith(f"{dotted}.") for found in module.imported)
        or constants & module.texts
        or any(dotted in text for text in module.texts)
    ]
    word = re.compile(rf"(?:^|[/_.-]){re.escape(name).replace('_', '[_-]')}(?:$|[/_.-])")
    return len(modules) + sum(bool(word.search(path)) for path in checkout.templates)


def files_of_field(checkout: Checkout, name: str) -> int:
    """Files that name a field of the fleet file."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    spellings = {name, snake}
    word = re.compile(rf"\b(?:{name}|{snake})\b")
    modules = [
        module
        for module in checkout.native
        if module.path.parts[1:3] != GENERATED and (spellings & module.names or spellings & module.texts)
    ]
    return len(modules) + sum(bool(word.search(text)) for text in checkout.templates.values())


def fields(checkout: Checkout) -> list[str]:
    """Fields of two words or more that stand in one definition of the fleet file's JSON Schema.

    Each Kubernetes object has an apiVersion, too.
    """
    file = checkout.root / "components" / "edgefleet" / "schema" / "fleet.schema.json"
    schema = json.loads(file.read_text())
    parts = [schema, *schema["definitions"].values()]
    keys = [key for part in parts for key in part.get("properties", ())]
    return sorted(
        {key for key in keys if keys.count(key) == 1 and re.search(r"[a-z][A-Z]", key)} - {"apiVersion"}
    )


def cloud_kinds(checkout: Checkout) -> dict[str, int]:
    """dict[kind -> files]; kinds are the modules of ``cloud``."""
    return {
        stem: files_of(
            checkout, "cloud", stem, [TYPE_TOKEN + "".join(word.title() for word in stem.split("_"))]
        )
        for stem in checkout.stems("cloud")
    }


def runtimes(checkout: Checkout) -> dict[str, int]:
    """dict[runtime -> files]: modules of ``runtimes``, or the roles of k3s where there is no such package."""
    stems = checkout.stems("runtimes")
    roles = {stem: [stem.replace("_", "-")] for stem in stems}
    return {
        stem: files_of(checkout, "runtimes", stem, texts)
        for stem, texts in (roles or {"k3s_server": ["server"], "k3s_agent": ["agent"]}).items()
    }


def commands(checkout: Checkout) -> dict[str, int]:
    """dict[command -> files]; commands are the modules of ``commands`` that its registry names."""
    (registry,) = [
        module for module in checkout.modules if module.path == Path("edgefleet/commands/registry.py")
    ]
    named = {
        stem: [text for text in registry.texts if text.startswith(f"{stem}:")]
        for stem in checkout.stems("commands")
        if stem not in SERVANTS
    }
    return {
        stem: files_of(checkout, "commands", stem, texts)
        for stem, texts in named.items()
        if texts or f"edgefleet.commands.{stem}" in registry.imported
    }


def boot_steps(checkout: Checkout) -> dict[str, int]:
    """dict[step -> files]; steps are the modules of ``boot`` that define ``plan``."""
    steps = [
        module.path.stem
        for module in checkout.modules
        if module.path.parent == Path("edgefleet/boot")
        and any(isinstance(node, ast.FunctionDef) and node.name == "plan" for node in module.tree.body)
    ]
    return {step: files_of(checkout, "boot", step) for step in steps}


def formats(checkout: Checkout) -> dict[str, int]:
    """dict[image format -> files]."""
    return {name: files_of(checkout, "images", name, [name]) for name in FORMATS}


def hops(checkout: Checkout) -> tuple[list[str], int]:
    """(files that name ``network.address``, calls that parse its text)."""
    named = [module for module in checkout.native if _names_address(module)]
    parsers = sum(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "ip_interface"
        for module in checkout.modules
        for node in ast.walk(module.tree)
    )
    return [str(module.path) for module in named], parsers


def _names_address(module: Module) -> bool:
    if "address" in module.texts and ("network" in module.names or "network" in module.texts):
        return True
    return any(
        (isinstance(node, ast.Attribute) and ast.unparse(node).endswith("network.address"))
        or (isinstance(node, ast.ClassDef) and "Network" in node.name and _has_address(node))
        for node in ast.walk(module.tree)
    ) or any("network.address" in text for text in module.texts)


def _has_address(node: ast.ClassDef) -> bool:
    return any(
        isinstance(item, ast.AnnAssign) and ast.unparse(item.target) == "address" for item in node.body
    )


def spread(figures: Iterable[int]) -> str:
    """``9 / 31 / 160``: median, 90th percentile, maximum."""
    ordered = sorted(figures)
    if not ordered:
        return "none"
    ninth = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    return f"{statistics.median(ordered):g} / {ninth} / {ordered[-1]}"


def functions(checkout: Checkout) -> list[int]:
    """Lines of each function."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for module in checkout.modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def packages(checkout: Checkout) -> list[tuple[str, int, int]]:
    """(package, modules, lines), the roots first."""
    found: dict[str, list[int]] = {}
    for module in checkout.modules:
        root = module.path.parts[0]
        for name in (f"**{root}**", module.package):
            found.setdefault(name, []).append(module.lines)
    return [(name, len(lines), sum(lines)) for name, lines in sorted(found.items())]


OF_KUBERNETES = {"apiVersion", "kind"}
"""Fields of a fleet file that each Kubernetes object has, too."""
KINDS: dict[str, Callable[[Checkout], dict[str, int]]] = {
    "fleet-file field": lambda checkout: {
        name: files_of_field(checkout, name) for name in fields(checkout) if name not in OF_KUBERNETES
    },
    "image format": formats,
    "boot step": boot_steps,
    "runtime": runtimes,
    "cloud kind": cloud_kinds,
    "command": commands,
}


def report(checkout: Checkout) -> Iterator[str]:
    """The figures as Markdown, line by line."""
    yield from ("| package | modules | lines |", "|---|--:|--:|")
    for name, count, lines in packages(checkout):
        yield f"| {name} | {count} | {lines:,} |"
    rest = [module.lines for module in checkout.modules if not module.is_engine]
    yield f"| **all but the engine** | {len(rest)} | {sum(rest):,} |"
    yield from ("", "| figure | of | median / p90 / max |", "|---|--:|--:|")
    lengths = [module.lines for module in checkout.modules]
    yield f"| lines of a module | {len(lengths)} | {spread(lengths)} |"
    sizes = functions(checkout)
    yield f"| lines of a function | {len(sizes)} | {spread(sizes)} |"
    for kind, count_of in KINDS.items():
        counts = count_of(checkout)
        yield f"| files per {kind} | {len(counts)} | {spread(counts.values())} |"
    files, parsers = hops(checkout)
    yield from ("", "| figure | files | parsers |", "|---|--:|--:|")
    yield f"| hops of `network.address` | {len(files)} | {parsers} |"


def main(arguments: list[str]) -> None:
    """Print the figures of a checkout, this one unless another is given."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    print("\n".join(report(Checkout(root))))


if __name__ == "__main__":
    main(sys.argv[1:])
