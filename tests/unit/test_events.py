import json

import pytest

from modpkg.events import (
    EVENTS,
    Event,
    Output,
    Progress,
    StepFinished,
    StepSkipped,
    StepStarted,
    Warned,
    event_from_dict,
    event_to_dict,
    ignore,
)

EXAMPLES: list[Event] = [
    StepStarted("build core", "the recipe changed"),
    StepFinished("build core", 1.5, 1.25, "the recipe changed"),
    StepSkipped("build core", "nothing changed"),
    Progress("download", 1, 2, "bytes"),
    Output("apt-get", "Reading package lists..."),
    Warned("the archive moved on", "modpkg lock-platform bookworm"),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(event).__name__ for event in EXAMPLES} == set(EVENTS)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_survives_a_json_line(event: Event) -> None:
    line = json.dumps(event_to_dict(event))
    assert event_from_dict(json.loads(line)) == event


def test_the_kind_of_an_event_is_a_field() -> None:
    assert event_to_dict(StepSkipped("a", "b")) == {"event": "StepSkipped", "step": "a", "reason": "b"}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        event_from_dict({"event": "Nonsense"})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError):
        event_from_dict({"event": "StepStarted", "step": "a", "colour": "red"})


def test_reading_an_event_leaves_the_object_as_it_was() -> None:
    fields = event_to_dict(EXAMPLES[0])
    event_from_dict(fields)
    assert fields["event"] == "StepStarted"


def test_the_sink_that_shows_nothing_takes_everything() -> None:
    for event in EXAMPLES:
        ignore(event)
