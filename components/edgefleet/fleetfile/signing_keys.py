"""Keys that images are signed with and checked against, by their names."""

from typing import Annotated

from edgefleet.model.syntax import matching

_FILE = r"file:(?!.*\.\.)[A-Za-z0-9._/ +-]+"
_KMS = (
    r"awskms:(///)?(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[A-Za-z0-9/_-]+|alias/[A-Za-z0-9/_-]+)"
)
SignKey = Annotated[
    str,
    *matching(
        f"{_FILE}|{_KMS}",
        code="bad-key",
        what="a key to sign with",
        hint="write file: and a path in the project, or awskms: and the key's ARN or alias/NAME",
        longest=2000,
    ),
]
TrustedKey = Annotated[
    str,
    *matching(
        _FILE,
        code="bad-key",
        what="a public key",
        hint="write file: and the path of a public key (PEM) in the project",
        longest=2000,
    ),
]
