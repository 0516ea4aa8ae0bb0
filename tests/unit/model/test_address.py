import pytest
from pydantic import TypeAdapter, ValidationError

from modpkg.model.address import Address, AddressRange, InterfaceAddress, Macs, Network, ends_of

GOOD = [
    (Address, "10.0.0.1"),
    (Network, "10.0.0.0/16"),
    (InterfaceAddress, "dhcp"),
    (InterfaceAddress, "10.1.0.5/16"),
    (AddressRange, "10.0.0.5-10.0.0.5"),
    (Macs, "52:54:00:12:34:56"),
    (Macs, "52:54:00:12:34:56 52:54:00:12:34:57"),
]
BAD = [
    (Address, "10.0.0.256"),
    (Address, "10.0.0.01"),
    (Address, "::1"),
    (Network, "10.0.0.0"),
    (Network, "10.0.0.1/16"),
    (InterfaceAddress, "10.1.0.5"),
    (InterfaceAddress, "DHCP"),
    (AddressRange, "10.0.0.1"),
    (AddressRange, "10.0.0.2-10.0.0.1"),
    (AddressRange, "1.1.1.1-2.2.2.2-3.3.3.3"),
    (Macs, "52:54:00:12:34"),
    (Macs, "52-54-00-12-34-56"),
    (Macs, "52:54:00:12:34:AB"),
    (Macs, "52:54:00:12:34:56  52:54:00:12:34:57"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_an_address_is_taken_as_it_is_written(kind: object, text: str) -> None:
    assert TypeAdapter(kind).validate_python(text) == text


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_what_is_no_address_is_refused(kind: object, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


def test_a_range_has_two_ends() -> None:
    assert [str(end) for end in ends_of("10.0.0.1-10.0.1.0")] == ["10.0.0.1", "10.0.1.0"]
