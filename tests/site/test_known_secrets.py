"""Every secret that an image holds is known by its site: in another's image it would be found."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.site.conftest import CASES, KEY, PASSPHRASES, name_of, spec_of

from edgefleet.keys.secret_scan import marks
from edgefleet.model.firstboot import File, Target
from edgefleet.model.stack_secrets import revealed, secrets_used
from edgefleet.site.first_boot import first_boot
from edgefleet.site.known_secrets import known, of_site, of_stack
from edgefleet.site.render import render_site

OTHER = base64.b64encode(b"another key, of thirty-two bytes").decode()


def made_up(file: File) -> bool:
    """Whether what is secret in a file is the stack's own secret."""
    parts = [part for word in PASSPHRASES.values() for part in (word, word.rpartition(":")[2])]
    return any(text.encode() in file.content for part in parts for text in (part, quote(part, safe="")))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_secret_file_holds_a_secret_that_is_known(case: Path) -> None:
    """A boot step with a new kind of secret has to make it known."""
    spec = spec_of(case)
    found = known([(spec, KEY)], (), {})
    assert spec.nodes
    for node in spec.nodes:
        boot = first_boot(Target(site=revealed(spec, PASSPHRASES), name=node, key=KEY))
        secret = [file for file in boot.files if file.is_secret and not made_up(file)]
        missed = [file.path for file in secret if found.others(marks(file.content), "", frozenset()) is None]
        assert [] == [path for path in missed if "$6$" not in _content(secret, path)]


def _content(files: list[File], path: str) -> str:
    return next(file.content.decode(errors="replace") for file in files if file.path == path)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_no_image_holds_a_secret_of_the_site_with_another_key(case: Path) -> None:
    """And the stack's own are in none; what a site may hold it does not miss."""
    spec = spec_of(case)
    stack = of_stack(base64.b64encode(b"s" * 32).decode(), spec.fleet, spec.region)
    found = known([(spec, OTHER)], stack, PASSPHRASES)
    used = frozenset(secrets_used(spec))
    images = render_site(spec, KEY, PASSPHRASES)
    assert images
    for image in images.values():
        assert found.others(marks(image.data, found.values), "", used) is None
        own = known([(spec, KEY)], (), {})
        assert own.others(marks(image.data), "", frozenset()) is not None


def test_each_word_is_one_that_is_looked_for() -> None:
    """Of a length that words have; none is a part of a key that is public."""
    spec = spec_of(next(case for case in CASES if case.name == "shut-in"))
    words = [*of_site(spec, KEY)]
    assert words
    for what, word in words:
        mine = known([(spec, KEY)], (), {})
        assert mine.others(marks(f"x {word}\n".encode()), "", frozenset()) is not None, what
    assert {
        "the key of the site",
        "a k3s server token",
        "a k3s agent token",
        "the key of the certificate",
        "the console's password",
        "an SSH host key",
        "the key of a tunnel",
        "the key of a seed's seal",
        "the key of a k3s authority",
    } == {what for what, _ in of_site(spec, KEY)}
