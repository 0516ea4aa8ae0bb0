import pytest
from pydantic import ValidationError

from modpkg.model.config import Config


def test_a_site_may_say_nothing() -> None:
    assert Config() == Config(mirrors={}, snapshots={})


@pytest.mark.parametrize(
    "address", ["https://mirror.example.org/debian", "http://10.0.0.1:3142/debian/", "file:///srv/mirror"]
)
def test_mirrors_have_addresses(address: str) -> None:
    config = Config(mirrors={"debian": address}, snapshots={"debian": (address, address)})
    assert config.mirrors == {"debian": address}


@pytest.mark.parametrize(
    "address",
    ["", "mirror.example.org", "ftp://a.example", "https://", "file:/srv", "https://a b", "https:///a"],
)
def test_other_texts_are_no_addresses(address: str) -> None:
    with pytest.raises(ValidationError):
        Config(mirrors={"debian": address})
    with pytest.raises(ValidationError):
        Config(snapshots={"debian": (address,)})


def test_an_alias_is_a_name() -> None:
    with pytest.raises(ValidationError):
        Config(mirrors={"https://x": "https://a.example"})


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"mirror": {}})
