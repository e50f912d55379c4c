"""What every artifact store promises, verified against both; then what is special about each."""

import hashlib
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io.aws import Aws
from edgefleet.io.store import ArtifactStore, BucketStore, DirectoryStore, is_key, open_store
from edgefleet.io.store.artifact import LARGEST

KEY = "sites/store-0007/n1.iso"
HOSTILE = [
    "../../etc/passwd",
    "sites/../../etc",
    "/etc/passwd",
    "sites//n1.iso",
    "sites/./n1",
    "sites/a..b",
    "Sites/n1",
    ".hidden",
    "sites/n1/",
    "sites/n\x00",
    "sites/n1\n",
    "",
    "~root",
    "a/" + "b" * 300,
]


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """Each kind in turn."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "images", uri="file:images")
    request.getfixturevalue("bucket")
    return BucketStore("images", "fleet", aws=request.getfixturevalue("aws"))


def test_what_is_stored_is_read_back_with_its_size_time_and_digest(store: ArtifactStore) -> None:
    """The digest is of the bytes that are there."""
    put = store.put(KEY, b"seed")
    stat = store.stat(KEY)
    assert stat is not None
    assert b"seed" == store.get(KEY)
    assert (4, hashlib.sha256(b"seed").hexdigest()) == (stat.size, stat.sha256) == (put.size, put.sha256)
    assert 120 > abs((stat.modified - put.modified).total_seconds())


def test_a_file_is_stored_in_pieces_and_compared(store: ArtifactStore, tmp_path: Path) -> None:
    """More than one part of an upload; its digest is known without reading it back."""
    big = tmp_path / "big.raw"
    big.write_bytes(bytes(range(256)) * 4096 * 40)
    digest = hashlib.sha256(big.read_bytes()).hexdigest()
    stored = store.put_file(KEY, big, sha256=digest)
    found = store.stat(KEY)
    assert found is not None
    assert (40 * 1024**2, digest) == (stored.size, stored.sha256) == (found.size, found.sha256)
    assert big.read_bytes() == store.get(KEY)


def test_a_file_that_changed_since_is_not_stored(store: ArtifactStore, tmp_path: Path) -> None:
    """What was built and what is stored are the same or nothing is."""
    built = tmp_path / "n1.raw"
    built.write_bytes(b"other")
    with pytest.raises(OutsideFailure, match="not sha256:" + "0" * 64):
        store.put_file(KEY, built, sha256="0" * 64)
    assert store.get(KEY) is None


def test_what_is_not_there_is_nothing(store: ArtifactStore) -> None:
    """Neither reading nor removing it is an error."""
    assert (None, None, {}) == (store.get(KEY), store.stat(KEY), store.list("sites/"))
    store.delete(KEY)


def test_a_list_has_what_is_below_a_prefix_and_no_neighbour_of_like_name(store: ArtifactStore) -> None:
    """``store-0007`` is not ``store-00070``."""
    for key in ("sites/store-0007/n1.iso", "sites/store-0007/n2.iso", "sites/store-00070/n1.iso"):
        store.put(key, b"seed")
    assert ["sites/store-0007/n1.iso", "sites/store-0007/n2.iso"] == list(store.list("sites/store-0007/"))
    assert 3 == len(store.list(""))


def test_removing_one_leaves_its_neighbours(store: ArtifactStore) -> None:
    """Also one whose name goes on where its own ends."""
    store.put(KEY, b"seed")
    store.put(KEY + ".sig", b"signature")
    store.delete(KEY)
    assert [KEY + ".sig"] == list(store.list(""))


def test_clearing_removes_all_below_but_what_is_kept(store: ArtifactStore) -> None:
    """A neighbour whose name begins alike stays; clearing again is success."""
    for key in ("sites/a/n1.iso", "sites/a/n2.iso", "sites/a-b/n1.iso"):
        store.put(key, b"old")
        store.put(key, b"new")
    store.clear("sites/a/", keep={"sites/a/n2.iso"})
    assert ["sites/a-b/n1.iso", "sites/a/n2.iso"] == sorted(store.list(""))
    store.clear("sites/a/")
    store.clear("sites/a/")
    assert ["sites/a-b/n1.iso"] == list(store.list(""))


def test_a_swap_is_made_only_on_what_was_compared(store: ArtifactStore) -> None:
    """So that of two people who write at once none loses."""
    tries = [
        store.swap("ledger/x.json", b"one", was=b"zero"),
        store.swap("ledger/x.json", b"one", was=None),
        store.swap("ledger/x.json", b"two", was=None),
        store.swap("ledger/x.json", b"two", was=b"one"),
    ]
    assert ([False, True, False, True], b"two") == (tries, store.get("ledger/x.json"))


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_refused_before_anything_is_touched(
    key: str, store: ArtifactStore, tmp_path: Path
) -> None:
    """``../../etc`` never reaches a path."""
    calls: list[Callable[[], object]] = [
        lambda: store.put(key, b"x"),
        lambda: store.get(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.swap(key, b"x", was=None),
        lambda: store.uri(key),
    ]
    for call in calls:
        with pytest.raises(InvalidInput, match="cannot be the name of a stored artifact"):
            call()
    assert not is_key(key)
    assert [] == list(tmp_path.rglob("*"))


# the directory


def test_a_directory_store_is_private(tmp_path: Path) -> None:
    """0700 and 0600, whatever the umask."""
    DirectoryStore(tmp_path / "images").put(KEY, b"seed")
    modes = {oct(each.stat().st_mode & 0o777) for each in (tmp_path / "images").rglob("*") if each.is_dir()}
    assert ({"0o700"}, 0o600) == (modes, (tmp_path / "images" / KEY).stat().st_mode & 0o777)


def test_a_directory_store_leaves_no_empty_directories(tmp_path: Path) -> None:
    """Destroying a fleet leaves nothing, not even what was half written when the power went."""
    store = DirectoryStore(tmp_path / "images")
    store.put(KEY, b"seed")
    store.swap("sites/store-0007/n2.iso", b"seed", was=None)
    (tmp_path / "images" / "sites" / "store-0007" / ".n1.iso.k2j4.tmp").write_bytes(b"half")
    store.delete(KEY)
    store.delete("sites/store-0007/n2.iso")
    assert [] == list(tmp_path.iterdir())


def test_a_directory_store_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    """A user's own .gitignore stays, and the directory with it."""
    own = tmp_path / "images" / ".gitignore"
    own.parent.mkdir()
    own.write_text("sites/\n")
    store = DirectoryStore(tmp_path / "images")
    store.put(KEY, b"seed")
    store.delete(KEY)
    assert ("sites/\n", [own]) == (own.read_text(), list(own.parent.iterdir()))


def test_a_link_below_a_directory_store_is_not_followed(tmp_path: Path) -> None:
    """Neither to write nor to read, nor in a list."""
    (tmp_path / "elsewhere" / "store-0007").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "sites").symlink_to(tmp_path / "elsewhere")
    store = DirectoryStore(tmp_path / "images")
    with pytest.raises(OutsideFailure, match="a symbolic link is where a directory is needed"):
        store.put(KEY, b"seed")
    assert {} == store.list("")


def test_a_directory_store_in_the_way_of_a_file_says_so(tmp_path: Path) -> None:
    """One line, with what to do."""
    (tmp_path / "images").write_text("not a directory")
    with pytest.raises(OutsideFailure, match="a file is where a directory is needed; move that file away"):
        DirectoryStore(tmp_path / "images").put(KEY, b"seed")


# the bucket


def test_a_bucket_store_encrypts_and_removes_every_version(aws: Aws, bucket: str) -> None:
    """A removed site leaves nothing behind, whatever the bucket keeps."""
    store = BucketStore(bucket, aws=aws)
    for data in (b"one", b"two"):
        store.put(KEY, data)
    assert "AES256" == aws.s3.head_object(Bucket=bucket, Key=KEY)["ServerSideEncryption"]
    aws.s3.delete_object(Bucket=bucket, Key=KEY)
    store.delete(KEY)
    left = aws.s3.list_object_versions(Bucket=bucket)
    assert ([], []) == (left.get("Versions", []), left.get("DeleteMarkers", []))


def test_a_bucket_that_refuses_is_one_clear_line(aws: Aws) -> None:
    """Where, what, what to do."""
    store = BucketStore("images", aws=aws)
    with Stubber(aws.s3) as stub:
        stub.add_client_error("put_object", "AccessDenied", "no", 403)
        with pytest.raises(OutsideFailure) as caught:
            store.put(KEY, b"seed")
    assert f"s3://images/{KEY}: AWS refused s3:PutObject: access denied" in str(caught.value)


def test_a_bucket_that_is_not_there_is_an_error_to_write_to_and_empty_to_remove_from(aws: Aws) -> None:
    """Gone already is success; storing into nothing is not."""
    store = BucketStore("no-such-bucket", aws=aws)
    with pytest.raises(OutsideFailure, match="the bucket does not exist; create it first"):
        store.put(KEY, b"seed")
    store.delete(KEY)


def test_a_refusal_to_remove_a_version_is_reported(aws: Aws, bucket: str) -> None:
    """S3 answers success to a request some of whose removals failed."""
    store = BucketStore(bucket, aws=aws)
    with Stubber(aws.s3) as stub:
        stub.add_response(
            "list_object_versions", {"Versions": [{"Key": KEY, "VersionId": "1"}], "IsTruncated": False}
        )
        stub.add_response("delete_objects", {"Errors": [{"Key": KEY, "Code": "AccessDenied"}]})
        with pytest.raises(OutsideFailure, match="1 versions were not removed: AccessDenied"):
            store.delete(KEY)


# opening


@pytest.mark.parametrize(
    ("uri", "key_uri"),
    [
        ("file:images", "file:images/a/b.iso"),
        ("file:images/eu/", "file:images/eu/a/b.iso"),
        ("s3://bucket", "s3://bucket/a/b.iso"),
        ("s3://bucket/a/prefix/", "s3://bucket/a/prefix/a/b.iso"),
    ],
)
def test_a_uri_opens_its_store(uri: str, key_uri: str, tmp_path: Path) -> None:
    """Nothing is made or contacted."""
    assert key_uri == open_store(uri, aws=Aws(), root=tmp_path).uri("a/b.iso")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "uri", ["", "images", "file:", "file:///", "s3:bucket", "s3://", "http://x", "s3://b/../c"]
)
def test_what_names_no_store_is_refused(uri: str, tmp_path: Path) -> None:
    """With the two forms there are."""
    with pytest.raises(InvalidInput, match="use file:<directory in the project> or s3://<bucket>/<prefix>"):
        open_store(uri, aws=Aws(), root=tmp_path)


@pytest.mark.parametrize(
    "uri", ["file:/etc", "file:///etc", "file:a/../../b", "file:%2e%2e/b", "file:%2fetc"]
)
def test_a_directory_outside_the_project_is_no_store(uri: str, tmp_path: Path) -> None:
    """A fleet file cannot name one, so it stands in an altered state: its removal would clear it."""
    with pytest.raises(InvalidInput, match="is outside the project"):
        open_store(uri, aws=None, root=tmp_path)


@pytest.mark.parametrize("link", ["a", "a/b"])
def test_a_store_is_reached_by_no_link_of_the_project(link: str, tmp_path: Path) -> None:
    """A repository can hold a link; images would be written to, and removed from, where it leads."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / link).parent.mkdir(parents=True)
    (tmp_path / "project" / link).symlink_to(tmp_path / "elsewhere")
    store = open_store("file:a/b", aws=None, root=tmp_path / "project")
    for call in (lambda: store.put("sites/x/n1.iso", b"seed"), lambda: store.clear("sites/x/")):
        with pytest.raises(OutsideFailure, match="a symbolic link is where"):
            call()
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_a_relative_directory_is_below_the_project(tmp_path: Path) -> None:
    """The plugin and the program have the project as their working directory."""
    open_store("file:images", aws=None, root=tmp_path).put("a.iso", b"seed")
    assert b"seed" == (tmp_path / "images" / "a.iso").read_bytes()


def test_what_is_too_large_is_not_read_into_memory(tmp_path: Path, aws: Aws, bucket: str) -> None:
    """A writer of a store does not decide how much memory a reader uses; its digest is still known."""
    store = DirectoryStore(tmp_path)
    store.put(KEY, b"")
    os.truncate(tmp_path / KEY, LARGEST + 1)
    with pytest.raises(OutsideFailure, match="has 268,435,457 bytes, and 268,435,456 are allowed"):
        store.get(KEY)
    found = store.stat(KEY)
    assert found is not None
    assert LARGEST + 1 == found.size
    with Stubber(aws.s3) as stub:
        answer = {"ContentLength": 10**12, "ETag": "x", "Body": io.BytesIO()}
        stub.add_response("get_object", answer)
        with pytest.raises(OutsideFailure, match=r"has 1,000,000,000,000 bytes, .* remove it"):
            BucketStore(bucket, aws=aws).get(KEY)


def test_a_digest_of_another_program_is_found_by_reading(aws: Aws, bucket: str) -> None:
    """S3 keeps none for it."""
    with Stubber(aws.s3) as stub:
        body = StreamingBody(io.BytesIO(b"seed"), 4)
        stub.add_response(
            "head_object", {"ContentLength": 4, "LastModified": datetime.now(UTC), "Metadata": {}}
        )
        stub.add_response("get_object", {"ContentLength": 4, "ETag": "x", "Body": body})
        found = BucketStore(bucket, aws=aws).stat(KEY)
    assert found is not None
    assert hashlib.sha256(b"seed").hexdigest() == found.sha256
