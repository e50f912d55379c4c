"""What the kinds of AWS resources have in common.

A kind is a subclass in a file of its own beside this folder: of `Ec2Resource`, of `NamedResource` or one of
those around it in `named.py`, or of `CloudResource` itself. It says what it is made of (`Spec`, `Outputs`)
and which inputs make another one (`REPLACE_ON`), and has what its base leaves to it: one that lacks any
cannot be made.
"""

from edgefleet.cloud.base.ec2 import Ec2Resource
from edgefleet.cloud.base.named import ChosenId, DescribedResource, IamResource, MadeByName, NamedResource
from edgefleet.cloud.base.resource import CloudResource, Labelled, Placed, Tagged, exists, finishing
from edgefleet.cloud.base.tags import owner_tags, tag_problems

__all__ = [
    "ChosenId",
    "CloudResource",
    "DescribedResource",
    "Ec2Resource",
    "IamResource",
    "Labelled",
    "MadeByName",
    "NamedResource",
    "Placed",
    "Tagged",
    "exists",
    "finishing",
    "owner_tags",
    "tag_problems",
]
