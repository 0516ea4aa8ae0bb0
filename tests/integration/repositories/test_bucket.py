from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.pipeline.upload import upload
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import WebOrigin
from tests.support.repos import AptClient, DnfClient, Workshop, package_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.keys import TestKey

pytest.importorskip("obstore", reason="obstore is not installed: pip install modpkg[s3]")
boto3 = pytest.importorskip("boto3", reason="moto is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed")
from modpkg.store.bucket import Bucket, open_bucket  # noqa: E402 - only where obstore is

pytestmark = [
    pytest.mark.programs,
    # moto is not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
CORE = package_of("core")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An object store on loopback, as real as moto's is."""
    started = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    try:
        host, port = started.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        started.stop()


@pytest.fixture
def client(server: str, request: pytest.FixtureRequest) -> tuple[Any, str]:
    """A client of the store and the name of a bucket of its own, which everybody may read."""
    name = f"bucket{abs(hash(request.node.name)) % 10**9}"
    made = boto3.client(
        "s3",
        endpoint_url=server,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto takes any
        region_name="us-east-1",
    )
    made.create_bucket(Bucket=name)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"arn:aws:s3:::{name}/*"}]}
    made.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    return made, name


@pytest.fixture
def bucket(client: tuple[Any, str], server: str) -> Bucket:
    return open_bucket(f"s3://{client[1]}/modules", environ={**CREDENTIALS, "AWS_ENDPOINT_URL": server})


@pytest.fixture
def published(workshop: Workshop, client: tuple[Any, str], server: str, bucket: Bucket) -> Workshop:
    there = workshop.at(f"{server}/{client[1]}/modules")
    there.publish(there.make(), now=int(time.time()))
    upload(there.places, bucket)
    return there


def test_clients_install_from_a_bucket_and_it_verifies(
    published: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    base = published.base_url
    apt = AptClient.made(tmp_path / "apt", base_url=base, key=release_key.public)
    apt.run("update", "--error-on=any")
    apt.run("install", CORE)
    source = f"mirrorlist={base}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    dnf.run("install", CORE)
    assert apt.installed("core") == dnf.installed("core") == "core 1.0.0-1"
    wish = Wish(
        origin=WebOrigin(address=base),
        keyring=release_key.public,
        channels=("testing",),
        now=int(time.time()),
        addresses=(base,),
    )
    assert verify_repository(wish).faults == ()


def test_objects_have_the_headers_that_caches_need(published: Workshop, client: tuple[Any, str]) -> None:
    store, name = client
    found = {}
    for item in store.list_objects_v2(Bucket=name)["Contents"]:
        found[item["Key"].removeprefix("modules/")] = store.head_object(Bucket=name, Key=item["Key"])
    assert found["dists/testing/InRelease"]["CacheControl"] == "no-cache"
    assert found["key.asc"]["ContentType"] == "text/plain; charset=utf-8"
    pooled = [head for path, head in found.items() if path.startswith("pool/")]
    assert len(pooled) == 2
    assert all("immutable" in head["CacheControl"] for head in pooled)
    assert len(found) == sum(
        path.is_file() and not path.is_symlink() for path in published.places.www.rglob("*")
    )


def test_a_second_upload_sends_what_changed(published: Workshop, bucket: Bucket) -> None:
    assert upload(published.places, bucket).sent == ()
    published.publish(published.make(version="1.0.0-2"), now=int(time.time()) + 1)
    sent = upload(published.places, bucket).sent
    assert len([path for path in sent if path.startswith("pool/")]) == 2
    assert "key.asc" not in sent


@pytest.mark.parametrize("name", ["a+b~c_1.deb", "x_1.0.0-1_amd64.deb", "a,b=c@d.rpm"])
def test_odd_names_are_found_under_their_names(
    bucket: Bucket, client: tuple[Any, str], server: str, tmp_path: Path, name: str
) -> None:
    source, path = tmp_path / "source", f"pool/ab/{name}"
    source.write_text("content")
    assert bucket.create(path, source, headers={})
    assert list(bucket.objects()) == [path]
    origin = WebOrigin(address=f"{server}/{client[1]}/modules")
    assert origin.read(path, most=100) == b"content"
    with origin.file(path, size=7) as copy:
        assert copy.read_text() == "content"


def test_what_is_there_is_not_written_over_unless_it_may_change(bucket: Bucket, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("first")
    assert bucket.create("x", source, headers={})
    source.write_text("second one")
    assert not bucket.create("x", source, headers={})
    assert bucket.objects()["x"].size == 5
    bucket.put("x", source, headers={})
    assert bucket.objects()["x"].size == 10


def test_what_cannot_be_reached_or_is_no_bucket_is_an_error(server: str, tmp_path: Path) -> None:
    for address in ("https://bucket/x", "bucket", "s3://"):
        with pytest.raises(BadInputError, match="it is no bucket"):
            open_bucket(address, environ=CREDENTIALS)
    missing = open_bucket("s3://there-is-none/x", environ=CREDENTIALS, endpoint=server)
    with pytest.raises(ModpkgError, match="cannot list the bucket"):
        missing.objects()
    (tmp_path / "x").write_text("x")
    with pytest.raises(ModpkgError, match="cannot upload x"):
        missing.create("x", tmp_path / "x", headers={})
