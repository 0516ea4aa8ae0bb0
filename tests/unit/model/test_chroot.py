from pathlib import Path

import pytest
from pydantic import ValidationError

from modpkg.model.chroot import ChrootPlaces, ChrootRecord, GenerationRecord


def test_places_are_below_the_chroot_but_for_its_lock() -> None:
    places = ChrootPlaces(Path("/srv/chroots/apps"))
    assert places.tree == Path("/srv/chroots/apps/tree")
    assert places.generation(3) == Path("/srv/chroots/apps/generations/3")
    assert places.note(3) == Path("/srv/chroots/apps/generations/3.json")
    assert places.lock == Path("/srv/chroots/.apps.lock")


def test_records_are_read_as_they_were_written() -> None:
    record = ChrootRecord(name="apps", platform="bookworm", cloned_from="other")
    assert ChrootRecord.model_validate_json(record.model_dump_json()) == record
    note = GenerationRecord(number=1, committed=2, files=3, linked=1, copied_bytes=4)
    assert GenerationRecord.model_validate_json(note.model_dump_json()) == note


@pytest.mark.parametrize(
    "text", ['{"format": 2, "name": "a", "platform": "b"}', '{"name": "a b", "platform": "b"}', "[]", "{"]
)
def test_records_of_another_format_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        ChrootRecord.model_validate_json(text)
