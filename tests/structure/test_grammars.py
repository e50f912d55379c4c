"""Every text of a fleet file and of an artifacts lock has a rule, and no rule takes hostile text.

What a person writes there ends in files that root reads on a node or a server: a field that takes any text
is a way into all of them.
"""

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.fleetfile.partial import DOCUMENT
from edgefleet.model.plain_data import Undeclared
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.syntax import Grammar
from edgefleet.model.type_introspection import fields_of, is_record

ROOTS = {"fleet file": DOCUMENT, "lock": ArtifactsLock, "site": SiteInputs}
Leaf = tuple[str, type, tuple[Any, ...]]


def below(annotation: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, annotation) of the parts of a list, a tuple, a map, or of ``Required[...]``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    assert arguments, (path, annotation)
    if origin is dict:
        yield f"{path}[key]", arguments[0]
        yield f"{path}[value]", arguments[1]
    else:
        for member in arguments:
            yield (f"{path}[]" if origin in {list, tuple} else path), member


def leaves(annotation: Any, path: str, outer: tuple[Any, ...] = ()) -> Iterator[Leaf]:
    """(path, type, notes) of each text and number below `annotation`, keys of maps too."""
    origin = get_origin(annotation)
    if origin is Annotated:
        annotation, *notes = get_args(annotation)
        if not any(isinstance(note, Undeclared) for note in notes):  # tests/model/test_plain_data.py
            yield from leaves(annotation, path, (*outer, *notes))
    elif is_record(annotation):
        for name, hint in fields_of(annotation).items():
            yield from leaves(hint, f"{path}.{name}")
    elif annotation in {str, int}:
        yield path, annotation, outer
    elif origin is not Literal and annotation not in {bool, float, type(None), ...}:
        for place, member in below(annotation, path):
            yield from leaves(member, place, outer if origin in {Union, types.UnionType} else ())


LEAVES = {
    f"{root}{path}": (kind, notes) for root, form in ROOTS.items() for path, kind, notes in leaves(form, "")
}


GRAMMARS = sorted(
    {note for _, notes in LEAVES.values() for note in notes if isinstance(note, Grammar)},
    key=lambda grammar: (grammar.what, grammar.pattern),
)


def accepts(annotation: Any, value: object) -> bool:
    """Whether pydantic takes `value` there."""
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def test_the_walk_reaches_every_kind_of_place() -> None:
    """Lists, keys and values of maps, unions, and specs below specs."""
    assert len(LEAVES) > 200
    assert LEAVES.keys() >= {
        "fleet file.sites[value].network.dns[]",
        "fleet file.profiles[value].sysctls[key]",
        "fleet file.sites.from",
        "fleet file.controlPlane.snapshots.restore",
        "fleet file.artifacts.mirrors[value][]",
        "lock.programs[value][value][value].member",
        "site.nodes[value].payload[].path",
    }


def test_every_text_has_a_grammar() -> None:
    """A `str` with nothing beside it is any text."""
    bare = [
        path
        for path, (kind, notes) in LEAVES.items()
        if kind is str and not any(isinstance(note, Grammar) for note in notes)
    ]
    assert [] == bare


def test_every_number_has_bounds() -> None:
    """A number such as a key generation is a count of work to do."""
    open_ = [
        path
        for path, (kind, notes) in LEAVES.items()
        if kind is int
        for number in (10**17, -(10**17))
        if accepts(Annotated[(int, *notes)], number)
    ]
    assert [] == open_


def test_each_hint_with_an_example_gives_a_right_text() -> None:
    """The text after *like* or *such as* is one, up to a word, a comma or its end."""
    refused = []
    examples = 0
    for grammar in GRAMMARS:
        hint = grammar.hint if isinstance(grammar.hint, str) else grammar.hint("?")
        for example in re.findall(r"\b(?:like|such as|as in) (.+)", hint):
            ends = (found.start() for found in re.finditer(r"[,;:]? |$", example))
            examples += 1
            if not any(grammar.accepts(example[:end].strip('"')) for end in ends):
                refused.append((grammar.what, hint))
    assert (examples > 50, []) == (True, refused)


HOSTILE = {
    "newline": "\nx",
    "carriage return": "\rx",
    "NUL": "\0",
    "tab": "\t",
    "command": "$(x)",
    "variable": "${x}",
    "backtick": "`x`",
    "double quote": '"',
    "single quote": "'",
    "semicolon": ";x",
    "percent": "%n",
    "backslash": "\\x",
    "braces": "{{x}}",
    "bracket": "]x",
    "pipe": "|x",
    "line separator": "\u2028",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "C1 control": "\x9b31m",
    "no character": "\ufffe",
    "surrogate": "\ud800",
    "Cyrillic": "\u0430",
    "full width": "\uff0f",
}
SCRIPTS = {"Cyrillic", "full width"}
OF_SECRETS = {
    *("command", "variable", "backtick", "double quote", "single quote", "semicolon", "percent"),
    *("backslash", "braces", "bracket", "pipe"),
    *SCRIPTS,
}
LINES = {"newline", "carriage return", "tab"}
UNREADABLE = {
    *("NUL", "line separator", "right-to-left override", "isolate", "C1 control"),
    *("no character", "surrogate"),
}
PERMITTED: dict[str, set[str]] = {
    "a city's name": {"single quote", *SCRIPTS},
    "a network's name": {
        *("command", "variable", "semicolon", "percent", "braces", "bracket", "pipe"),
        *SCRIPTS,
    },
    "a tag's key": {"Cyrillic"},
    "a tag's value": {"Cyrillic"},
    "a secret without control characters": OF_SECRETS | {"newline", "tab"},
    "a Wi-Fi passphrase": OF_SECRETS,
    "a proxy login": OF_SECRETS,
    "an 802.1X password": OF_SECRETS,
    "a login of a mobile operator": OF_SECRETS,
    "an identity for 802.1X": {"backslash"},
    "a registry login": OF_SECRETS,
    "a server token of k3s": OF_SECRETS - SCRIPTS,
    "an agent token of k3s": OF_SECRETS - SCRIPTS,
    "a registry token": OF_SECRETS - SCRIPTS,
    "an SSM activation": OF_SECRETS,
    "a regular expression over names of images": {
        "command",
        "variable",
        "backslash",
        "braces",
        "bracket",
        "pipe",
    },
    "a certificate in PEM": {"newline"},
    "a public key in ASCII armour": {"newline"},
    "a public key in PEM": {"newline"},
    "certificates in PEM": {"newline"},
    "a line for the shell": {*HOSTILE} - LINES - UNREADABLE,
    "one line of text": {*HOSTILE} - LINES - UNREADABLE,
    "the value of an annotation": {*HOSTILE} - LINES - UNREADABLE,
    "text of printable characters": {*HOSTILE} - {"carriage return"} - UNREADABLE,
    "text of Kubernetes objects": {*HOSTILE} - {"carriage return"} - UNREADABLE,
    "text of Deployments and Services": {*HOSTILE} - {"carriage return"} - UNREADABLE,
    "text of a Kubernetes manifest": {*HOSTILE} - {"carriage return"} - UNREADABLE,
    "words for a kernel": {"semicolon"},
    "a name or glob of network interfaces": {"bracket"},
    "a value of k3s's config.yaml": {"percent", "bracket", "pipe"},
}
"""dict[grammar -> hostile texts that it needs]: each is written by a writer that quotes, YAML's or apt's.

A tag is in no file of a node: it goes to AWS alone.
"""
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot"
EXAMPLES: dict[str, list[str]] = {
    "a day or a range of days": ["2026-12-24", "2026-12-20..2027-01-06"],
    "`emulated` or an address": ["emulated", "http://127.0.0.1:5000", "https://[fd00::1]/a"],
    "a Kubernetes annotation": ["rack", "example.com/rack", "flannel.alpha.coreos.com/public-ip-overwrite"],
    "a Kubernetes label": ["tier", "example.com/tier"],
    "a container image's name": ["registry.example:5000/shop/till:1.4", "nginx:1.27"],
    "a country code": ["DE"],
    "a cron expression": ["0 3 * * 0", "*/5 8-18 1,15 jan-mar MON-FRI"],
    "a hardware address": ["02:00:5e:10:00:01"],
    "a host name or an address": ["time.example.org", "10.0.0.1", "fd00::1"],
    "a host, a domain or a subnet": [".example.com", "*", "10.0.0.0/8", "fd00::/8", "registry.example:5000"],
    "a host in a request": ["menu.example.com", "10.0.0.1:8080"],
    "a key of k3s's config.yaml": ["kubelet-arg", "kubelet-arg+"],
    "a path of a file on a node": ["/etc/modprobe.d/quirks.conf", "/opt/till/.env"],
    "text of Kubernetes objects": ["apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n# "],
    "text of Deployments and Services": ["apiVersion: v1\nkind: Service\nmetadata: {name: a}\n# "],
    "text of a Kubernetes manifest": ["apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n# "],
    "a network": ["10.250.0.0/16", "fd00::/64"],
    "a name of a link": ["cameras"],
    "a network's name": ["shop", "Café & Co"],
    "a path inside the project, or one in a bucket": ["file:.edgefleet/images/dev", "s3://bucket/a/b"],
    "a place of a mirror": ["https://mirror.example/a", "oci://registry.example/a", "file:/var/mirror"],
    "a public SSH key, whole and of a type that nodes accept": [SSH_KEY, f"{SSH_KEY} ops@laptop (1)"],
    "a registry's host": ["*", "docker.io", "registry.example:5000"],
    "a regular expression over names of images": ["^library/(.*)$"],
    "a tag's key": ["team", "cost centre"],
    "a taint": ["key=value:NoSchedule", "key:NoExecute"],
    "a time zone": ["Europe/Berlin"],
    "a web address": ["https://registry.example:5000", "http://10.0.0.1/a%20b/"],
    "an IPv6 prefix of at most 64 bits": ["fd12:3456:789a::/64"],
    "an argument of the kernel": ["quiet", "usb-storage.quirks=152d:0578:u"],
    "an amount of processor time": ["100m", "0.5", "2"],
    "a size": ["128Mi", "8Gi", "1048576"],
    "one line of text": ["{site.name}", "{{site.name}}", "Zürich"],
    "a name of a client": ["edge-{site.name}", "store-1"],
    "a prefix of topics": ["sites/{site.name}/", "lane-1/a/"],
    "a topic filter of MQTT": ["sensors/+/state", "#", "$SYS/broker/#", "stores/{site.name}/#"],
    "an address": ["10.20.7.1", "fe80::1"],
    "an address or a subnet": ["10.20.7.1", "10.1.0.0/16", "fd00::/8"],
    "an address with its prefix length": ["10.20.7.10/24", "fd00::5/64"],
    "certificates in PEM": ["-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"],
    "something that can be mirrored": ["https://github.com/", "docker.io"],
    "the address of a gateway": ["https://updates.example", "https://[fd00::1]:8443"],
    "the address of a Kubernetes API": ["https://k3s.example:6443", "https://[fd00::1]:6443"],
    "the address of an origin": ["https://menu.example.com", "http://{site.name}.example.com:80/a/{region}"],
    "the address of a broker": ["mqtt.example.com", "mqtt-{region}.example.com:8883"],
    "the address of a page": ["https://shops.example/{site}", "http://{region}.lan:80/#/{site}"],
    "the address of a proxy": ["http://proxy.example:3128"],
    "where a base image is found": ["https://images.example/base.raw", "file:bases/a.raw"],
    "where a chart is found": ["oci://registry.example/charts/agent", "file:charts/agent-1.8.2.tgz"],
    "where a model is found": ["https://models.example/4.onnx", "s3://models/a/4.onnx"],
    "where sites reach the hub": ["streams.shops.example:7422", "[fd00::1]:7422"],
    "where a tunnel ends": ["bastion.example.org:51820", "[fd00::1]:51820"],
}
"""dict[grammar with a further check -> right texts]; of the others the pattern gives some."""


def test_each_grammar_with_a_further_check_has_right_texts() -> None:
    """So that hostile text is added to what is right without it."""
    assert {grammar.what for grammar in GRAMMARS if grammar.then} == EXAMPLES.keys()
    refused = [
        (grammar.what, text)
        for grammar in GRAMMARS
        for text in EXAMPLES.get(grammar.what, ())
        if not grammar.accepts(text)
    ]
    assert [] == refused


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.what)
@given(data=st.data())
@settings(max_examples=5, phases=[Phase.generate])
def test_no_grammar_takes_hostile_text(grammar: Grammar, data: st.DataObject) -> None:
    """Alone, at the end of right text, and inside it."""
    likely = st.from_regex(re.compile(grammar.pattern, re.ASCII), fullmatch=True)
    right = data.draw(st.sampled_from(EXAMPLES[grammar.what]) if grammar.what in EXAMPLES else likely)
    at = data.draw(st.integers(0, len(right)))
    taken = {
        name
        for name, hostile in HOSTILE.items()
        for text in (hostile, f"{right}{hostile}x", f"{right[:at]}{hostile}{right[at:]}x")
        if grammar.accepts(text) and hostile in grammar(text)
    }
    assert taken <= PERMITTED.get(grammar.what, set())


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.what)
def test_no_grammar_takes_long_text(grammar: Grammar) -> None:
    """Nor does it take long to refuse it: no pattern backtracks over a text of its own length."""
    for text in ("a" * 100_000, "a." * 50_000, "1/" * 50_000, "-" * 100_000):
        assert not grammar.accepts(text)
    for unit in ("a", "a.", "a-", "a/", "a b", "1:", "-", "[", "%41", "{seed}", "a__"):
        assert not grammar.accepts((unit * grammar.longest)[: grammar.longest - 2] + "\x7f!")
        grammar.accepts((unit * grammar.longest)[: grammar.longest - 1] + "!")
