"""Blocks of addresses that AWS takes, and names that are cut."""

import hashlib
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgefleet import cloud
from edgefleet.cloud.base import CloudResource
from edgefleet.cloud.base.constraints import Block, shortened
from edgefleet.cloud.base.policy_documents import compact
from edgefleet.cloud.base.quotas import QUOTAS
from edgefleet.cloud.eks_cluster import EksClusterSpec
from edgefleet.cloud.role import RoleSpec
from edgefleet.cloud.server_set import ServerUserData
from edgefleet.model.spec import Secret, adapter, from_plain
from edgefleet.model.type_introspection import fields_of, is_record
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.validation import check

BLOCK = adapter(Block)
ROLE = "arn:aws:iam::123456789012:role/hub"


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.0/28", "192.168.4.0/22"])
def test_blocks_that_aws_takes(block: str) -> None:
    assert block == BLOCK.validate_python(block)


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16", "x"])
def test_blocks_that_it_refuses(block: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a (network|block that AWS takes)"):
        BLOCK.validate_python(block)
    with pytest.raises(ValidationError, match="is of the other family"):
        BLOCK.validate_python("fd00::/64")


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


@given(names=st.lists(NAMES, min_size=2, max_size=2, unique=True), same=NAMES, longest=st.integers(24, 64))
def test_a_name_that_is_cut_stays_unique(names: list[str], same: str, longest: int) -> None:
    """Two fleets, or two regions, whose names begin or end alike have different names in the account."""
    for forms in ([f"{name}-{same}-hub" for name in names], [f"{same}-{name}-hub" for name in names]):
        cut = [shortened(form, longest) for form in forms]
        assert len(set(cut)) == 2
        assert all(len(name) <= longest and not name.endswith("-") for name in cut)
        assert [form for form in forms if len(form) <= longest] == [form for form in forms if form in cut]


def test_user_data_is_measured_as_it_is_sent() -> None:
    """Compressed: a first boot of a hub's server is longer than EC2's limit as text."""
    text = "#cloud-config\n" * 5_000
    assert text == from_plain(ServerUserData, {"init": text, "join": text}).join
    long = "".join(hashlib.sha256(bytes([index % 256, index // 256])).hexdigest() for index in range(1_000))
    with pytest.raises(ValidationError, match="has 3"):
        from_plain(ServerUserData, {"init": text, "join": long})


def unbound(annotation: Any, path: str, notes: tuple[Any, ...] = ()) -> Iterator[str]:
    """Paths of texts and numbers below `annotation` that may be anything."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from unbound(arguments[0], path, (*notes, *arguments[1:]))
    elif is_record(annotation):
        for name, hint in fields_of(annotation).items():
            yield from unbound(hint, f"{path}.{name}")
    elif origin is dict and arguments[1] is Any:
        return  # a policy document: its size is checked as a whole
    elif origin in {Union, types.UnionType, tuple, list, dict}:
        inner = notes if origin in {Union, types.UnionType} else ()
        for member in arguments:
            yield from unbound(member, path, inner)
    elif annotation in {str, int, float} and not [note for note in notes if not isinstance(note, Secret)]:
        yield path


FREE = {
    "BucketObject.content": "as large as S3 takes, which no program holds",
    "BucketObject.contentBase64": "the same",
    "BucketObject.source": "a path, which is read in preview",
    "ServerSet.servers": "1, 3 or 5, as the kind checks",
}
"""dict[input without a constraint -> why]."""


def test_every_input_has_a_constraint() -> None:
    """What AWS refuses is stated for each text and number, from its API's model or its documentation."""
    kinds = [resource for resource in RESOURCES if isinstance(resource, CloudResource)]
    found = [path for kind in kinds for path in unbound(kind.Spec, kind.TOKEN.rpartition(":")[2])]
    assert sorted(FREE) == sorted(found)


@pytest.mark.parametrize(("size", "problems"), [(8_192, 0), (8_193, 1)])
def test_a_trust_policy_has_what_iam_grants_on_request(size: int, problems: int) -> None:
    """IAM user guide, reference_iam-quotas: 2,048 characters, up to 8,192 on request."""
    policy = {"Version": "2012-10-17", "Statement": []}
    policy["Id"] = "x" * (size - len(compact(policy | {"Id": ""})))
    assert problems == len(check(RoleSpec, {"assumePolicy": policy})[1])


def test_each_quota_names_its_page_and_each_count_is_one_of_them() -> None:
    """The most that AWS grants; a count of its own in a kind would have no source."""
    pages = [quota.page for quota in QUOTAS.values()]
    assert [] == [page for page in pages if not re.fullmatch(r"[A-Za-z0-9/_-]+\.html", page)]
    sources = {path.stem: path.read_text() for path in Path(cloud.__file__).parent.glob("*.py")}
    assert [] == [name for name, text in sources.items() if "max_length=" in text]
    named = re.findall(r'(?:at_most\(|QUOTAS\[)"([^"]+)"', "".join(sources.values()))
    assert sorted(QUOTAS) == sorted(set(named))


def test_a_cluster_has_four_security_groups_at_most() -> None:
    """EKS user guide, service-quotas: 4, not adjustable."""
    inputs = {"name": "hub", "version": "1.36", "role": ROLE, "subnets": ["subnet-0a1b2c3d"]}
    groups = [f"sg-0a1b2c3{digit}" for digit in range(5)]
    assert [] == check(EksClusterSpec, inputs | {"securityGroups": groups[:4]})[1]
    assert ["securityGroups"] == [
        item.path for item in check(EksClusterSpec, inputs | {"securityGroups": groups})[1]
    ]
