"""`edgefleet:aws:BucketObject`: a file in a bucket.

Its content is known before it exists, so that a preview shows a changed file by its digest. Its metadata has
its owner and digest, so that one call detects a change.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from edgefleet.cloud.base import CloudResource, Namesake, Placed, owner_tags
from edgefleet.cloud.base.constraints import Header, HeaderName, fits
from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Created, Environment, Found
from edgefleet.io.store.bucket import LOST_RACE, remover
from edgefleet.io.store.clearing import Clearing, ClearRequest
from edgefleet.model.names import Bucket as BucketName
from edgefleet.model.releases import Digest
from edgefleet.model.spec import spec
from edgefleet.model.tags import PREFIX
from edgefleet.model.unknown import is_known

DIGEST = "edgefleet-sha256"
"""Name in the metadata of the content's SHA-256 in hexadecimal."""
OURS = ("edgefleet-", "managed-by")


@spec
class BucketObjectSpec(Placed):
    """A file in a bucket (S3 API, PutObject); of `content`, `content_base64` and `source` one is given."""

    bucket: BucketName
    """Name of the bucket."""
    key: Annotated[str, fits(1024, least=1)]
    """Name of the object in it."""
    content: str | None = None
    """Its text."""
    content_base64: str | None = None
    """Its bytes."""
    source: str | None = None
    """Path of a file in the project; give `source_sha256` with it, so that a change of the file is seen."""
    source_sha256: Digest | None = None
    """SHA-256 of that file in hexadecimal."""
    content_type: Header = "application/octet-stream"
    """Media type."""
    cache_control: Header | None = None
    """HTTP's Cache-Control."""
    metadata: Annotated[dict[HeaderName, Header], fits(1_700)] = field(default_factory=dict)
    """dict[name in lower case -> value] in addition to those of its owner."""


@spec
class BucketObjectOutputs:
    """What is known of an object."""

    sha256: str | None
    """SHA-256 of its content, in hexadecimal; null if it was written outside."""
    uri: str
    """``s3://<bucket>/<key>``."""


class BucketObject(CloudResource, spec=BucketObjectSpec, outputs=BucketObjectOutputs):
    """The kind; its id is ``<bucket>/<key>``."""

    REPLACE_ON = frozenset({"bucket", "key"})
    CLAIMS = ("bucket", "key")
    IS_GLOBAL = True
    CHANGING = frozenset({"sha256"})
    OTHERWISE = "choose another key"

    def identity(self, spec: BucketObjectSpec) -> str:
        """Bucket and key."""
        return f"{spec.bucket}/{spec.key}"

    def inspect(self, spec: BucketObjectSpec) -> Iterable[Problem]:
        """Not exactly one content, or metadata that is edgefleet's."""
        given = [name for name in ("content", "content_base64", "source") if getattr(spec, name) is not None]
        if len(given) != 1:
            hint = "give one of content, contentBase64 and source"
            yield Problem(code="content", path="content", problem=f"has {len(given)} contents", hint=hint)
        for name in spec.metadata if is_known(spec.metadata) else ():
            if name.startswith(OURS):
                hint = "choose another name"
                problem = "is edgefleet's own"
                yield Problem(code="metadata", path=f"metadata.{name}", problem=problem, hint=hint)

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Content that was written outside."""
        return ["sha256"] if "sha256" in outputs and outputs["sha256"] is None else []

    def plan(self, spec: BucketObjectSpec, environment: Environment) -> Mapping[str, Any]:
        """Its digest, from its content."""
        digest = hashlib.sha256(_content(spec, environment.project)).hexdigest()
        return {"sha256": digest, "uri": f"s3://{spec.bucket}/{spec.key}"}

    def namesake(self, spec: BucketObjectSpec, environment: Environment) -> Namesake | None:
        """By bucket and key."""
        identity = self.identity(spec)
        head = self._head(identity, environment)
        return None if head is None else Namesake(identity, _tags(head))

    def create(self, spec: BucketObjectSpec, environment: Environment) -> Created[BucketObjectOutputs]:
        """Write it where nothing is; one that an earlier run wrote is written again.

        S3 checks the condition itself, so no extra call is needed, and no other writer can come in between.
        """
        identity = self.identity(spec)
        outputs = self._write(spec, environment, is_new=True)
        if outputs is None:
            existing = self.namesake(spec, environment)
            self.require_mine(existing.tags if existing else {}, identity, environment)
            outputs = self._write(spec, environment, is_new=False)
        assert outputs is not None  # noqa: S101 - without a condition it is written or raises
        return Created(id=identity, outputs=outputs)

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[BucketObjectOutputs] | None:
        """As it is, from one call; its content stays as recorded while its digest does."""
        head = self._head(identity, environment)
        if head is None:
            return None
        bucket, key = _parts(identity)
        metadata = head.get("Metadata", {})
        digest = _digest(head)
        was = recorded.get("sha256")
        outputs = BucketObjectOutputs(
            sha256=digest if was in {None, digest} else None, uri=f"s3://{bucket}/{key}"
        )
        inputs = {
            "bucket": bucket,
            "key": key,
            "contentType": head.get("ContentType", ""),
            "cacheControl": head.get("CacheControl"),
            "metadata": {name: value for name, value in metadata.items() if not name.startswith(OURS)},
        }
        return Found(id=identity, inputs=inputs, outputs=outputs, tags=_tags(head))

    def change(self, identity: str, new: BucketObjectSpec, environment: Environment) -> BucketObjectOutputs:
        """Write it again."""
        head = self._head(identity, environment)
        self.require_held(_tags(head) if head else {}, identity, environment)
        outputs = self._write(new, environment, is_new=False)
        assert outputs is not None  # noqa: S101 - the same
        return outputs

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Remove it with every version of it, together with others that go at the same time."""
        del inputs
        head = self._head(identity, environment)
        if head is not None and self.is_taken(_tags(head), identity, environment):
            return
        bucket, key = _parts(identity)
        clearing = environment.aws.shared(
            f"clearing {bucket}", lambda: Clearing(remover(environment.aws, bucket))
        )
        clearing.clear(ClearRequest(below=key, is_whole=True))

    def _write(
        self, spec: BucketObjectSpec, environment: Environment, *, is_new: bool
    ) -> BucketObjectOutputs | None:
        """The outputs; None where it was to be new and something is there."""
        data = _content(spec, environment.project)
        digest = hashlib.sha256(data)
        tags = owner_tags(environment)
        own = {name.replace(PREFIX, "edgefleet-"): value for name, value in tags.items()}
        try:
            environment.aws.call(
                "s3",
                "put_object",
                f"s3://{spec.bucket}/{spec.key}",
                Bucket=spec.bucket,
                Key=spec.key,
                Body=data,
                ContentType=spec.content_type,
                CacheControl=spec.cache_control,
                ChecksumSHA256=b64encode(digest.digest()).decode(),
                Metadata={**spec.metadata, **own, DIGEST: digest.hexdigest()},
                IfNoneMatch="*" if is_new else None,
            )
        except EdgefleetError as error:
            if is_new and error_code(error) in LOST_RACE:
                return None
            raise
        return BucketObjectOutputs(sha256=digest.hexdigest(), uri=f"s3://{spec.bucket}/{spec.key}")

    def _head(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        bucket, key = _parts(identity)
        return environment.aws.seek(
            "s3", "head_object", f"s3://{identity}", Bucket=bucket, Key=key, ChecksumMode="ENABLED"
        )


def _tags(head: Mapping[str, Any]) -> dict[str, str]:
    """The tags of its owner, which its metadata has in the place of tags."""
    return {name.replace("edgefleet-", PREFIX): value for name, value in head.get("Metadata", {}).items()}


def _digest(head: Mapping[str, Any]) -> str | None:
    """Digest of its content: S3's own if it has one, else the writer's."""
    own = head.get("ChecksumSHA256")
    if own and "-" not in own:
        return b64decode(own).hex()
    found: str | None = head.get("Metadata", {}).get(DIGEST)
    return found


def _parts(identity: str) -> tuple[str, str]:
    bucket, slash, key = identity.removeprefix("s3://").partition("/")
    if not slash or not key:
        problem, hint = "is not the id of an object", "give <bucket>/<key>"
        raise InvalidInput.at(identity, "id", problem, hint)
    return bucket, key


def _content(spec: BucketObjectSpec, project: Path) -> bytes:
    if spec.content is not None:
        return spec.content.encode()
    if spec.content_base64 is not None:
        try:
            return b64decode(spec.content_base64, validate=True)
        except ValueError as error:
            problem, hint = "is not base64", "encode the bytes with base64"
            raise InvalidInput.at("", "base64", problem, hint, path="contentBase64") from error
    path = project / (spec.source or "")
    data = disk.read(path)
    if data is None:
        problem, hint = "does not exist", "correct source, a path in the project"
        raise InvalidInput.at(path, "no-file", problem, hint, path="source")
    if spec.source_sha256 not in {None, hashlib.sha256(data).hexdigest()}:
        problem = "does not match sourceSha256"
        hint = "run again: the file was changed meanwhile; or compute its current digest"
        raise InvalidInput.at(path, "digest", problem, hint, path="source")
    return data
