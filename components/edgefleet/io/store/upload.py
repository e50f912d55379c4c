"""Files of any size into a bucket, in parts, each compared by S3 as it arrives, and the whole afterwards.

Source: S3 User Guide, "Checking object integrity": the checksum of an object in parts is the SHA-256 over its
parts' SHA-256, with the number of parts behind it.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk
from edgefleet.io.aws import Aws

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig

PART = 16 * 1024**2
"""Bytes of a part; 10,000 of them, the most that S3 takes, are 160 GiB."""
AT_ONCE = 4
"""Parts under way at the same time: 64 MiB of memory, whatever the file's size."""
WHOLE = "sha256"
"""Metadata of an object in parts: SHA-256 of the whole, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Digests of a file, and the checksum that S3 will report for it."""

    size: int
    sha256: str
    """Hex, of the whole."""
    checksum: str
    """As S3 writes it, of the whole or, with more than one part, of the parts."""


def digests_of(path: Path, *, part: int = PART) -> Digests:
    """Read `path` once, a part at a time."""
    whole, parts, size = hashlib.sha256(), [], 0
    with disk.explaining(path, "cannot be read"), path.open("rb") as file:
        while chunk := file.read(part):
            whole.update(chunk)
            parts.append(hashlib.sha256(chunk).digest())
            size += len(chunk)
    if size <= part:
        checksum = base64.b64encode(whole.digest()).decode()
    else:
        of_parts = hashlib.sha256(b"".join(parts)).digest()
        checksum = f"{base64.b64encode(of_parts).decode()}-{len(parts)}"
    return Digests(size=size, sha256=whole.hexdigest(), checksum=checksum)


def upload(aws: Aws, bucket: str, name: str, path: Path, *, sha256: str) -> Digests:
    """Make the object `name` of the bytes of `path`, encrypted.

    boto3 retries parts that fail; an unfinished upload is aborted when the whole fails.

    Raises:
        OutsideFailure: the file is not `sha256` any more, or arrived damaged.
    """
    digests = digests_of(path)
    if digests.sha256 != sha256:
        problem = f"the file is sha256:{digests.sha256} now, not sha256:{sha256}"
        raise OutsideFailure.at(path, "changed", problem, "build it again; nothing was sent")
    where = f"s3://{bucket}/{name}"
    with aws.calling("s3:PutObject", where):
        aws.s3.upload_file(
            str(path),
            bucket,
            name,
            ExtraArgs={
                "ServerSideEncryption": "AES256",
                "ChecksumAlgorithm": "SHA256",
                "Metadata": {WHOLE: digests.sha256},
            },
            Config=_config(),
        )
        head = aws.s3.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
    arrived = head.get("ChecksumSHA256", digests.checksum).partition("-")[0]  # moto leaves the number out
    if (head["ContentLength"], arrived) != (digests.size, digests.checksum.partition("-")[0]):
        problem = "what arrived is not what was sent"
        hint = "run again; if it comes again, something on the way alters data"
        raise OutsideFailure.at(where, "upload-differs", problem, hint)
    return digests


def _config() -> "TransferConfig":
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - boto3 comes with the first client

    return TransferConfig(multipart_threshold=PART + 1, multipart_chunksize=PART, max_concurrency=AT_ONCE)
