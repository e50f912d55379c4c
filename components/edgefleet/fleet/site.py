"""`Site`: one site of a fleet, with the boot images of its nodes."""

from collections.abc import Mapping
from typing import Any, NotRequired, Self, TypedDict

import pulumi

from edgefleet.errors import InvalidInput
from edgefleet.fleet.plainly import plainly
from edgefleet.keys import derivation
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN, SiteInputs
from edgefleet.model.type_introspection import with_outside_names
from edgefleet.provider.python_classes import existing
from edgefleet.provider.validation import arguments
from edgefleet.site.inputs import laid_out

_OUTPUTS = {"images": None, "release": None}


class SiteArgs(TypedDict):
    """Inputs beside the site's plain spec."""

    store: pulumi.Input[str]
    """Where the images are kept: ``file:<directory>`` or ``s3://<bucket>/<prefix>``."""
    secret: NotRequired[pulumi.Input[str]]
    """The fleet secret: the program derives the site's key from it and registers the key alone."""
    key: NotRequired[pulumi.Input[str]]
    """The site's key, see `site_key`, in the place of `secret`; never the fleet's."""
    passphrases: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """dict[name -> secret of the stack], only those that the site refers to."""
    identity: NotRequired[pulumi.Input[dict[str, str]] | None]
    """The site's certificate, {certificate, authority, hub}; public."""
    declaredIn: NotRequired[str]
    """Path of the fleet file, for lines in messages; it is not recorded."""


class Site(pulumi.CustomResource):
    """One resource a site, so that the engine's cost grows with sites and nothing else."""

    images: pulumi.Output[dict[str, Any]]
    """dict[node name -> {digest, uri, size, files}]; known in preview."""
    release: pulumi.Output[dict[str, Any]]
    """{digest, uri, size} of the release; known in preview."""

    def __init__(
        self,
        resource_name: str,
        /,
        spec: SiteSpec | None = None,
        args: SiteArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None:
        """Register the site of `spec` and `args`, or of keyword arguments in snake case, all of `SiteInputs`.

        An image holds none of them, so the code that `pulumi import` prints has empty ones to fill in.
        """
        props = with_outside_names(SiteInputs, inputs) if spec is None else _props(spec, args or {})
        super().__init__(TOKEN, resource_name, props | _OUTPUTS, opts)

    @classmethod
    def get(
        cls,
        name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's word
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up the images of a site by their place, ``<store>/sites/<site>``, without managing them."""
        return existing(cls, TOKEN, name, id, outputs=_OUTPUTS, opts=opts)


def site_key(
    secret: pulumi.Input[str],
    *,
    fleet: pulumi.Input[str],
    region: pulumi.Input[str],
    site: pulumi.Input[str],
    generation: pulumi.Input[int] = 1,
) -> pulumi.Output[str]:
    """The key of one site, secret: derived from the fleet secret, which it does not reveal."""
    place = {"fleet": fleet, "region": region, "site": site, "generation": generation}

    def derived(known: Any) -> str:
        with plainly():
            return derivation.site_key(known["secret"], **known["place"])

    return pulumi.Output.secret(pulumi.Output.all(secret=secret, place=place).apply(derived))


def _props(spec: SiteSpec, args: Mapping[str, Any]) -> dict[str, Any]:
    with plainly():
        given = arguments(SiteArgs, args)
        inputs = laid_out(
            spec,
            store=given["store"],
            key=_key(spec, given),
            passphrases=_secret(given.get("passphrases")),
            identity=given.get("identity"),
        )
    return inputs | {name: given[name] for name in ("declaredIn",) if name in given}


def _key(spec: SiteSpec, given: Mapping[str, Any]) -> pulumi.Output[str]:
    if ("key" in given) == ("secret" in given):
        hint = "give secret: edgefleet.fleet_secret()"
        raise InvalidInput.at("", "one-key", "needs one of secret and key", hint, path="secret")
    if "key" in given:
        key: pulumi.Output[str] = _secret(given["key"])
        return key
    place = {"fleet": spec.fleet, "region": spec.region, "site": spec.name}
    return site_key(given["secret"], **place, generation=spec.key_generation)


def _secret(value: Any) -> Any:
    """As a secret; an output of this package's own is one already."""
    return value if isinstance(value, pulumi.Output) or not value else pulumi.Output.secret(value)
