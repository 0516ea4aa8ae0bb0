"""What the last boot of a node says about it."""

import pytest

from modpkg.node.event_text import BootLog, parse_report
from modpkg.node.state import SILENT_SECONDS, NodeState, state_of
from tests.support.reports import STAGES, UP, body, boot_id, lines_of

AT = 1_800_000_000.0
FAILED = "modpkg: 9.00 verify failed the image's sha256 is 00"


def log_of(*lines: str) -> BootLog:
    return parse_report(body(boot_id(), *lines), at=AT)


def judged(*lines: str, later: float = 1.0) -> NodeState:
    return state_of("n1", log_of(*lines), now=AT + later)


def test_a_node_that_told_nothing_is_unknown() -> None:
    state = state_of("n1", None, now=AT)
    assert (state.state, state.stage, state.version, state.seconds) == ("unknown", "", "", 0.0)
    assert state_of("n1", log_of(), now=AT).state == "unknown"


def test_a_node_is_booting_in_its_last_stage() -> None:
    state = judged(*lines_of("network", "fetch")[:3])
    assert (state.state, state.stage, state.seconds) == ("booting", "fetch", 2.0)
    assert (state.image, state.version) == ("compute", "12.0.3-67.bcdfghjklm")


def test_one_that_says_nothing_any_more_is_silent() -> None:
    lines = lines_of("network", "fetch")
    assert judged(*lines, later=SILENT_SECONDS).state == "booting"
    state = judged(*lines, later=SILENT_SECONDS + 1)
    assert (state.state, state.stage, state.told_at) == ("silent", "fetch", AT)


def test_one_that_failed_stays_so_and_says_why() -> None:
    state = judged(*lines_of("network"), FAILED, later=10_000)
    assert (state.state, state.stage, state.reason) == ("failed", "verify", "the image's sha256 is 00")


def test_one_that_came_up_tells_memory_and_units() -> None:
    state = judged(
        *lines_of(*STAGES), f"modpkg: 23.41 multi-user end {UP}a.service,b\\x2dc.mount", later=10_000
    )
    assert (state.state, state.seconds, state.memory_mb) == ("up", 23.41, 307)
    assert state.failed_units == ("a.service", "b\\x2dc.mount")


@pytest.mark.parametrize("detail", ["", "used-kib=x total-kib=2 failed=", "used-kib=1"])
def test_what_it_tells_in_another_form_is_no_fault(detail: str) -> None:
    state = judged(f"modpkg: 23.41 multi-user end {detail}")
    assert (state.state, state.memory_mb, state.failed_units) == ("up", 0, ())


def test_what_fails_in_a_node_that_is_up_is_told_and_it_stays_up() -> None:
    state = judged(
        f"modpkg: 23.41 multi-user end {UP}", "modpkg: 25.00 files failed no share", "modpkg: 26.00 rc end"
    )
    assert (state.state, state.seconds, state.reason) == ("up", 23.41, "files: no share")


def test_what_went_well_after_it_had_failed_is_no_fault_any_more() -> None:
    failed, joined = "modpkg: 25.00 chroot failed no answer", "modpkg: 55.00 chroot end joined"
    up = f"modpkg: 23.41 multi-user end {UP}"
    assert judged(up, failed).reason == "chroot: no answer"
    assert judged(up, failed, joined).reason == ""
    assert judged(up, "modpkg: 24.00 files failed x", failed, joined).reason == "files: x"
    assert judged(up, failed, "modpkg: 55.00 chroot start").reason == "chroot: no answer"


def test_the_order_is_that_of_the_nodes_clock() -> None:
    lines = lines_of("network", "fetch", "verify")
    assert judged(*reversed(lines)).stage == "verify"
