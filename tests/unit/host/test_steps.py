import pytest

from modpkg.events import Event, StepFinished, StepStarted
from modpkg.host.steps import step


def test_a_step_tells_its_begin_its_end_and_its_reason() -> None:
    events: list[Event] = []
    with step("pack", events.append, reason="it is new"):
        assert events == [StepStarted("pack", "it is new")]
    (finished,) = events[1:]
    assert isinstance(finished, StepFinished)
    assert (finished.step, finished.reason) == ("pack", "it is new")
    assert finished.seconds >= 0


def test_a_step_that_fails_has_no_end() -> None:
    events: list[Event] = []
    with pytest.raises(ValueError, match="broken"), step("pack", events.append):
        raise ValueError("broken")
    assert events == [StepStarted("pack")]
