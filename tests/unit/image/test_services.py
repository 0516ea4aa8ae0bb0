from modpkg.image.changes import Layout, file_changes
from modpkg.image.services import Inside, ServiceChange, service_changes
from modpkg.image.units import ServiceUnit
from modpkg.model.module import Module, State
from tests.support.stack import make_module

A, B = "file 0755 0 0 10 " + "a" * 64, "file 0755 0 0 10 " + "b" * 64
UNITS = "usr/lib/systemd/system"
WANTS = "etc/systemd/system/multi-user.target.wants"
PATHS = {
    f"{UNITS}/munge.service": A,
    f"{WANTS}/munge.service": "symlink 0777 0 0 /usr/lib/systemd/system/munge.service",
    f"{UNITS}/once.service": A,
    "usr/sbin/munged": A,
    "usr/share/munge/table": A,
    "usr/share/doc/munge/copyright": A,
    "usr/lib/libmunge.so.2.0.0": A,
    "usr/lib/libc.so.6": A,
    "usr/lib/libc.conf": A,
    "etc/munge.conf": A,
}
STANZAS = (
    "Package: munge\nStatus: install ok installed\nDepends: libmunge2 (= 0.5), adduser\nVersion: 0.5",
    "Package: libmunge2\nDepends: libc6 (>= 2.36)\nVersion: 0.5",
    "Package: libc6\nVersion: 2.36",
)
OWNERS = {
    # As dpkg has it where /usr is not merged.
    "sbin/munged": "munge",
    "usr/sbin/munged": "munge",
    "usr/share/munge/table": "munge",
    "usr/share/doc/munge/copyright": "munge",
    "usr/lib/libmunge.so.2.0.0": "libmunge2",
    "lib/libc.so.6": "libc6",
    "lib/libc.conf": "libc6",
}
SERVICES = {
    "munge.service": ServiceUnit(type="forking", programs=("usr/sbin/munged",)),
    "once.service": ServiceUnit(type="oneshot", programs=("usr/sbin/munged",)),
}


def module(paths: dict[str, str]) -> Module:
    return make_module("munge", paths=paths, state=State(stanzas=STANZAS))


def changes(new: dict[str, str], old: dict[str, str] | None = None) -> tuple[ServiceChange, ...]:
    before, after = module(PATHS if old is None else old), module(new)
    layouts = Layout.of([before]), Layout.of([after])
    inside = Inside(services=SERVICES, owners=OWNERS)
    return service_changes(*layouts, file_changes(*layouts), modules=[after], inside=inside)


def with_changed(path: str) -> tuple[str, ...]:
    found = changes({**PATHS, path: B})
    assert len(found) <= 1
    return found[0].reasons if found else ()


def test_nothing_changes_nothing() -> None:
    assert changes(PATHS) == ()


def test_a_changed_program_restarts_its_service() -> None:
    (found,) = changes({**PATHS, "usr/sbin/munged": B})
    assert (found.unit, found.module, found.action, found.is_enabled) == (
        "munge.service",
        "munge",
        "restart",
        True,
    )
    assert found.reasons == ("its program changed: /usr/sbin/munged",)


def test_each_rule_gives_its_reason() -> None:
    assert with_changed(f"{UNITS}/munge.service") == (f"its unit changed: /{UNITS}/munge.service",)
    assert with_changed("usr/share/munge/table") == ("its package munge changed: /usr/share/munge/table",)
    assert with_changed("usr/lib/libmunge.so.2.0.0") == (
        "a library of libmunge2 changed: /usr/lib/libmunge.so.2.0.0",
    )
    assert with_changed("etc/munge.conf") == ("its configuration changed: /etc/munge.conf",)


def test_a_library_counts_over_several_steps_and_by_its_merged_name() -> None:
    assert with_changed("usr/lib/libc.so.6") == ("a library of libc6 changed: /usr/lib/libc.so.6",)


def test_documents_and_other_files_of_libraries_do_not_count() -> None:
    assert with_changed("usr/share/doc/munge/copyright") == ()
    assert with_changed("usr/lib/libc.conf") == ()


def test_a_new_drop_in_is_a_change_of_the_unit() -> None:
    path = "etc/systemd/system/munge.service.d/site.conf"
    assert with_changed(path) == (f"its unit changed: /{path}",)


def test_many_files_are_shortened() -> None:
    more = {f"etc/conf.d/{number}": B for number in range(5)}
    (found,) = changes({**PATHS, **more})
    assert found.reasons == (
        "its configuration changed: /etc/conf.d/0, /etc/conf.d/1, /etc/conf.d/2 and 2 more",
    )


def test_a_unit_of_one_run_is_left_out() -> None:
    assert [one.unit for one in changes({**PATHS, "usr/sbin/munged": B})] == ["munge.service"]


def test_services_that_come_and_go_are_started_and_stopped() -> None:
    without = {path: line for path, line in PATHS.items() if not path.startswith(f"{UNITS}/munge")}
    (come,) = changes(PATHS, without)
    assert (come.action, come.reasons) == ("start", ("it is new",))
    (gone,) = changes(without)
    assert (gone.action, gone.is_enabled) == ("stop", True)


def test_a_service_that_nobody_pulls_in_is_not_enabled() -> None:
    without = {path: line for path, line in PATHS.items() if not path.startswith(WANTS)}
    (found,) = changes({**without, "usr/sbin/munged": B}, without)
    assert not found.is_enabled


def test_a_masked_service_never_runs() -> None:
    masked = {**PATHS, "etc/systemd/system/munge.service": "symlink 0777 0 0 /dev/null", "usr/sbin/munged": B}
    assert changes(masked) == ()
