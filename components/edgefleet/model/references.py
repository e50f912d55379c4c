"""Names of container images, as Kubernetes reads them: registry, repository, tag, digest."""

import re
from dataclasses import dataclass
from typing import Annotated

from edgefleet.model.syntax import Grammar, shown, wrong

HUB = "docker.io"
_REFERENCE = re.compile(
    r"(?:(?P<registry>(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::\d+)?|[a-zA-Z0-9-]+:\d+|localhost|\[[0-9a-f:]+\]:\d+))/)?"
    r"(?P<repository>[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The full name of an image."""

    registry: str
    """``docker.io``, ``registry.example:5000``."""
    repository: str
    """``library/nginx``."""
    tag: str = ""
    """Empty where there is a digest."""
    digest: str = ""
    """``sha256:<hex>``, or empty."""

    def __str__(self) -> str:
        """Its name in containerd: of tag and digest the digest counts."""
        of = f"@{self.digest}" if self.digest else f":{self.tag}"
        return f"{self.registry}/{self.repository}{of}"

    @property
    def wanted(self) -> str:
        """The reference to request from a registry: the digest, else the tag."""
        return self.digest or self.tag

    @property
    def file_name(self) -> str:
        """A file name for it that no other image has: ``docker.io+library+nginx@1.27``."""
        return str(self).replace("/", "+").replace(":", "@")


def parse_reference(text: str) -> Reference:
    """The full reference of `text`: ``nginx`` is ``docker.io/library/nginx:latest``.

    Raises:
        ValueError: it is no image's name.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    registry, repository = match["registry"] or HUB, match["repository"]
    if registry in {"index.docker.io", "registry-1.docker.io"}:
        registry = HUB
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    digest = match["digest"] or ""
    tag = "" if digest else match["tag"] or "latest"
    return Reference(registry=registry, repository=repository, tag=tag, digest=digest)


def _image(text: str) -> str:
    reference = str(parse_reference(text))
    if reference.endswith(":latest"):
        name = f"{text.removesuffix(':latest')}:1.4"
        raise wrong("no-tag", f"{shown(text)} means whatever is the latest", f"say which, such as {name}")
    return reference


def _hint(text: str) -> str:
    if text != text.lower():
        return "names of images are in lower case: registry.example/shop/till:1.4"
    return "write it like registry.example/shop/till:1.4"


image_name = Grammar(
    re.sub(r"\?P<\w+>", "", _REFERENCE.pattern),
    "bad-image",
    "a container image's name",
    _hint,
    512,
    _image,
    examples=("registry.example/shop/till:1.4",),
)
ImageName = Annotated[str, image_name]
"""A container image by its whole name; ``nginx:1.27`` is made ``docker.io/library/nginx:1.27``."""
