from __future__ import annotations

import pytest

pytest.importorskip("obstore", reason="obstore is not installed: pip install modpkg[s3]")
from modpkg.errors import BadInputError
from modpkg.store.bucket import open_bucket

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


@pytest.mark.parametrize("address", ["", "bucket", "https://bucket", "s3://", "s3:///prefix", "gs://bucket"])
def test_only_a_bucket_is_opened(address: str) -> None:
    with pytest.raises(BadInputError, match="it is no bucket"):
        open_bucket(address, environ=KEYS)


def test_credentials_place_and_prefix_are_taken() -> None:
    environ = {**KEYS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    bucket = open_bucket("s3://packages/a/b/", environ=environ)
    assert bucket.address == "s3://packages/a/b"
    config = bucket.store.config
    assert (config["bucket"], config["region"]) == ("packages", "eu-west-1")
    assert config["endpoint"] == "http://127.0.0.1:1"
    assert bucket.store.prefix == "a/b"


def test_the_command_line_wins_over_the_environment() -> None:
    environ = {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    bucket = open_bucket("s3://packages", environ=environ, endpoint="http://127.0.0.1:2")
    assert bucket.store.config["endpoint"] == "http://127.0.0.1:2"
    assert bucket.store.prefix in (None, "")
