"""The bases of the kinds of AWS resources.

A kind is a subclass in its own file beside this folder. Where a table of operations describes it, it
derives from `Ec2Resource`, `NamedResource` or `ChosenId` (or one of those in `services`), and overrides what
the table cannot express; otherwise from `CloudResource`.
"""

from edgefleet.cloud.base.described import ChosenId, DescribedResource, Ec2Resource, NamedResource
from edgefleet.cloud.base.resource import (
    DELETE_FIRST,
    RENAME,
    ArnOutputs,
    CloudResource,
    Ec2Tagged,
    Labelled,
    Namesake,
    Placed,
    Tagged,
    finishing,
    none_stays,
    owner_tags,
)
from edgefleet.cloud.base.table import Change, Described, Readiness, Table

__all__ = [
    "DELETE_FIRST",
    "RENAME",
    "ArnOutputs",
    "Change",
    "ChosenId",
    "CloudResource",
    "Described",
    "DescribedResource",
    "Ec2Resource",
    "Ec2Tagged",
    "Labelled",
    "NamedResource",
    "Namesake",
    "Placed",
    "Readiness",
    "Table",
    "Tagged",
    "finishing",
    "none_stays",
    "owner_tags",
]
