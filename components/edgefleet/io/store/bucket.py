"""`BucketStore`: artifacts as encrypted objects of a bucket; removal removes every version."""

import base64
import hashlib
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgefleet.errors import EdgefleetError, OutsideFailure
from edgefleet.io import disk
from edgefleet.io.aws import Aws, error_code, is_gone
from edgefleet.io.disk import Copied
from edgefleet.io.store.artifact import LARGEST, Stored, check_key, check_prefix
from edgefleet.io.store.clearing import Clearing, ClearRequest, Remove

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

BATCH = 1000
"""Objects that one request may remove (S3 API, DeleteObjects)."""
PART = 16 * 1024**2
"""Bytes of a part; 10,000 of them, the most that S3 takes, are 160 GiB."""
AT_ONCE = 4
"""Parts under way at the same time: 64 MiB of memory, whatever the file's size."""
WHOLE = "sha256"
"""Metadata of an object in parts: SHA-256 of the whole, in hexadecimal."""
LOST_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class BucketStore:
    """Artifacts as objects below `prefix` in `bucket`."""

    def __init__(self, bucket: str, prefix: str = "", *, aws: Aws) -> None:
        self._bucket, self._aws = bucket, aws
        self._prefix = f"{prefix}/" if prefix else ""
        self._clearing = Clearing(remover(aws, bucket))

    def put(self, key: str, data: bytes) -> Stored:
        """Store `data` encrypted; S3 compares the digest on arrival."""
        name = self._name(key)
        with self._aws.calling("s3:PutObject", self.uri(key)):
            self._aws.s3.put_object(Bucket=self._bucket, Key=name, Body=data, **_protected(data))
        return Stored(size=len(data), modified=datetime.now(UTC), sha256=hashlib.sha256(data).hexdigest())

    def put_file(self, key: str, path: Path, *, sha256: str) -> Stored:
        """Store a file of any size; S3 compares each part, and the whole is compared afterwards."""
        sent = upload(self._aws, self._bucket, self._name(key), path, sha256=sha256)
        return Stored(size=sent.size, modified=datetime.now(UTC), sha256=sent.sha256)

    def get(self, key: str, *, limit: int = LARGEST) -> bytes | None:
        """The bytes of the newest version, or None."""
        found = self._fetch(key, limit)
        return None if found is None else found[0]

    def stat(self, key: str) -> Stored | None:
        """Size, time and digest; the bytes are read only where the service keeps no digest of them."""
        name = self._name(key)
        try:
            with self._aws.calling("s3:GetObject", self.uri(key)):
                head = self._aws.s3.head_object(Bucket=self._bucket, Key=name, ChecksumMode="ENABLED")
        except EdgefleetError as error:
            if is_gone(error):
                return None
            raise
        checksum = head.get("ChecksumSHA256")
        if WHOLE in head["Metadata"]:  # in parts, of which S3 keeps another digest
            digest = head["Metadata"][WHOLE]
        elif checksum is not None:
            digest = base64.b64decode(checksum).hex()
        else:
            digest = self._digest(key)
        return Stored(
            size=head["ContentLength"], modified=head["LastModified"].astimezone(UTC), sha256=digest
        )

    def list(self, prefix: str) -> dict[str, Stored]:
        """The newest versions below `prefix`; digests are not known."""
        start = self._prefix + check_prefix(prefix)
        objects: dict[str, Stored] = {}
        with self._aws.calling("s3:ListBucket", self._place()):
            for page in self._aws.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=start
            ):
                for entry in page.get("Contents", []):
                    modified = entry["LastModified"].astimezone(UTC)
                    key = entry["Key"].removeprefix(self._prefix)
                    size, tag = entry["Size"], entry["ETag"]
                    objects[key] = Stored(size=size, modified=modified, sha256=None, tag=tag)
        return objects

    def delete(self, key: str) -> None:
        """Remove every version of the object and its deletion markers."""
        name = self._name(key)
        try:
            with self._aws.calling("s3:DeleteObjectVersion", self.uri(key)):
                remove_versions(self._aws, self._bucket, below=name, matches=lambda key: key == name)
        except EdgefleetError as error:
            if not is_gone(error):
                raise

    def clear(self, prefix: str, *, keep: Collection[str] = ()) -> None:
        """Remove every version below `prefix`: a listing, and a request for each 1,000 of them.

        What several threads clear at the same time is done in one go.
        """
        kept = {self._name(key) for key in keep}
        self._clearing.clear(ClearRequest(below=self._prefix + check_prefix(prefix), spared=kept))

    def swap(self, key: str, data: bytes, *, was: bytes | None) -> bool:
        """Write on the condition that no other write happened since the bytes were compared."""
        current = None if was is None else self._fetch(key)
        if (None if current is None else current[0]) != was:
            return False
        name = self._name(key)
        condition = {"IfNoneMatch": "*"} if current is None else {"IfMatch": current[1]}
        terms = _protected(data) | condition
        try:
            with self._aws.calling("s3:PutObject", self.uri(key)):
                self._aws.s3.put_object(Bucket=self._bucket, Key=name, Body=data, **terms)
        except EdgefleetError as error:
            if error_code(error) in LOST_RACE:
                return False
            raise
        return True

    def uri(self, key: str) -> str:
        """``s3://<bucket>/<prefix>/<key>``."""
        return f"s3://{self._bucket}/{self._name(key)}"

    def _fetch(self, key: str, limit: int = LARGEST) -> tuple[bytes, str] | None:
        """Bytes and entity tag, or None where there are none."""
        name = self._name(key)
        try:
            with self._aws.calling("s3:GetObject", self.uri(key)):
                answer = self._aws.s3.get_object(Bucket=self._bucket, Key=name)
                if answer["ContentLength"] <= limit:
                    return answer["Body"].read(), answer["ETag"]
        except EdgefleetError as error:
            if error_code(error) in {"NoSuchKey", "404"}:
                return None
            raise
        problem = f"has {answer['ContentLength']:,} bytes, and {limit:,} are allowed"
        hint = "this is no seed and no record of edgefleet; remove it"
        raise OutsideFailure.at(self.uri(key), "too-large", problem, hint)

    def _digest(self, key: str) -> str:
        """Hex SHA-256 of an object that another program stored, read a piece at a time."""
        digest = hashlib.sha256()
        with self._aws.calling("s3:GetObject", self.uri(key)):
            body = self._aws.s3.get_object(Bucket=self._bucket, Key=self._name(key))["Body"]
            for piece in body.iter_chunks(disk.PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _place(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"


def remove_versions(
    aws: Aws, bucket: str, *, below: str = "", matches: Callable[[str], bool] = lambda _name: True
) -> None:
    """Remove every version and deletion marker of the objects whose names begin with `below`.

    Boto's errors pass through; call it inside `Aws.calling`.

    Args:
        aws: Where the bucket is.
        bucket: Its name.
        below: Prefix of their names.
        matches: Whether an object of a name is removed.

    Raises:
        OutsideFailure: some versions could not be removed.
    """
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=below)
    doomed: list[ObjectIdentifierTypeDef] = [
        {"Key": version["Key"], "VersionId": version["VersionId"]}
        for page in pages
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if matches(version["Key"])
    ]
    for start in range(0, len(doomed), BATCH):
        batch = doomed[start : start + BATCH]
        answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if failed := answer.get("Errors"):
            first = failed[0]
            problem = f"{len(failed)} versions were not removed: {first.get('Code', '')}"
            hint = "allow s3:DeleteObjectVersion there, and see whether an object lock keeps them"
            where = f"s3://{bucket}/{first.get('Key', '')}"
            raise OutsideFailure.at(where, "not-removed", problem, hint)


def remover(aws: Aws, bucket: str) -> Remove:
    """The function that removes objects of `bucket` for `Clearing`; a missing bucket has none."""

    def remove(below: str, matches: Callable[[str], bool]) -> None:
        try:
            with aws.calling("s3:DeleteObjectVersion", f"s3://{bucket}/{below}"):
                remove_versions(aws, bucket, below=below, matches=matches)
        except EdgefleetError as error:
            if not is_gone(error):
                raise

    return remove


def _protected(data: bytes) -> dict[str, Any]:
    """Encryption at rest, and a digest that the service compares with what arrived."""
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {"ServerSideEncryption": "AES256", "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": digest}


def digests_of(path: Path, *, part: int = PART) -> tuple[Copied, str]:
    """Size and SHA-256 of `path`, read a part at a time, and the checksum that S3 will report for it.

    The checksum of an object in parts is the SHA-256 over its parts' SHA-256, with the number of parts behind
    it (S3 User Guide, "Checking object integrity").
    """
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
    return Copied(size=size, sha256=whole.hexdigest()), checksum


def upload(aws: Aws, bucket: str, name: str, path: Path, *, sha256: str) -> Copied:
    """Make the object `name` of the bytes of `path`, encrypted.

    boto3 retries parts that fail; an unfinished upload is aborted when the whole fails.

    Raises:
        OutsideFailure: the file is not `sha256` any more, or arrived damaged.
    """
    read, checksum = digests_of(path)
    if read.sha256 != sha256:
        problem = f"the file is sha256:{read.sha256} now, not sha256:{sha256}"
        raise OutsideFailure.at(path, "changed", problem, "build it again; nothing was sent")
    where = f"s3://{bucket}/{name}"
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - boto3 comes with the first client

    transfer = TransferConfig(multipart_threshold=PART + 1, multipart_chunksize=PART, max_concurrency=AT_ONCE)
    with aws.calling("s3:PutObject", where):
        aws.s3.upload_file(
            str(path),
            bucket,
            name,
            ExtraArgs={
                "ServerSideEncryption": "AES256",
                "ChecksumAlgorithm": "SHA256",
                "Metadata": {WHOLE: read.sha256},
            },
            Config=transfer,
        )
        head = aws.s3.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
    arrived = head.get("ChecksumSHA256", checksum).partition("-")[0]  # moto leaves the number out
    if (head["ContentLength"], arrived) != (read.size, checksum.partition("-")[0]):
        problem = "what arrived is not what was sent"
        hint = "run again; if it comes again, something on the way alters data"
        raise OutsideFailure.at(where, "upload-differs", problem, hint)
    return read
