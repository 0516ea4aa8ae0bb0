from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from modpkg.errors import BadInputError
from modpkg.model.manifest import PinText
from modpkg.model.version import Pin

TEXTS = [
    "~1",
    "~1.2",
    "~1.2.3",
    "1.2.3-4",
    "0.0.0-1",
    "~0",
    "~01",
    "~1.2.3.4",
    "1.2.3",
    "1.2.3-0",
    "1.2.3-01",
    "",
    "~",
]
TEXTS += ["~1.02", "1.2.3-4\n", "~1\n", "~1234567890", "~123456789"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_manifest_accepts_what_a_pin_can_be_made_of(text: str) -> None:
    try:
        Pin.parse(text)
    except BadInputError:
        with pytest.raises(ValidationError):
            TypeAdapter(PinText).validate_python(text)
    else:
        assert TypeAdapter(PinText).validate_python(text) == text
