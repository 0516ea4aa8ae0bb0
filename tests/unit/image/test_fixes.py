from modpkg.image.changes import PackageChange, Step
from modpkg.image.fixes import Fixes, parse_entries, security_fixes

ENTRY = """\
{source} ({version}) {suites}; urgency={urgency}

  * {text}

 -- A Maintainer <a@example.org>  Tue, 01 Sep 2026 10:00:00 +0000

"""


def entry(
    version: str,
    text: str = "Fix.",
    *,
    source: str = "openssl",
    suites: str = "bookworm",
    urgency: str = "medium",
) -> str:
    return ENTRY.format(source=source, version=version, suites=suites, urgency=urgency, text=text)


def change(
    old: str, new: str, *, step: Step = "up", name: str = "libssl3", source: str = "openssl"
) -> PackageChange:
    return PackageChange(
        name=name,
        step=step,
        old=old,
        new=new,
        source=source,
        old_source_version=old,
        new_source_version=new,
        modules=("core",),
    )


def fixes(text: str, *changes: PackageChange, old: str = "") -> Fixes:
    return security_fixes(changes, old=old, new=text)


def test_entries_are_read_with_all_that_is_asked_of_them() -> None:
    text = entry(
        "3.0-2", "CVE-2024-10000 CVE-2024-9999, CVE-2024-9999.", suites="bookworm-security", urgency="HIGH"
    )
    (found,) = parse_entries(f"something before\n{text}something after\n")
    assert (found.source, found.version, found.suites) == ("openssl", "3.0-2", ("bookworm-security",))
    assert (found.urgency, found.date) == ("high", "Tue, 01 Sep 2026 10:00:00 +0000")
    assert found.cves == ("CVE-2024-9999", "CVE-2024-10000")


def test_text_without_entries_has_none() -> None:
    assert list(parse_entries("")) == []
    assert list(parse_entries("no entry (of any) kind\n")) == []


def test_the_fixes_between_two_versions_are_told() -> None:
    text = entry("3.0-4", "CVE-2024-4444") + entry("3.0-3", "CVE-2024-3333") + entry("3.0-2", "CVE-2024-2222")
    found = fixes(text + entry("3.0-1"), change("3.0-2", "3.0-3"))
    assert [(one.version, one.cves, one.packages) for one in found.fixes] == [
        ("3.0-3", ("CVE-2024-3333",), ("libssl3",))
    ]
    assert found.untold == ()


def test_an_upload_to_the_security_suite_is_a_fix_without_a_cve() -> None:
    text = entry("3.0-2", suites="bookworm-security") + entry("3.0-1")
    (found,) = fixes(text, change("3.0-1", "3.0-2")).fixes
    assert found.cves == ()


def test_other_entries_are_no_fixes() -> None:
    text = entry("3.0-2", "CVE is what this is not", urgency="high") + entry("3.0-1")
    assert fixes(text, change("3.0-1", "3.0-2")).fixes == ()


def test_packages_of_one_source_share_its_fix() -> None:
    text = entry("2", "CVE-2024-1111") + entry("1")
    (found,) = fixes(text, change("1", "2"), change("1", "2", name="openssl")).fixes
    assert found.packages == ("libssl3", "openssl")


def test_a_changelog_that_does_not_reach_back_is_named() -> None:
    text = entry("5", "CVE-2024-5555") + entry("4")
    found = fixes(text, change("1", "5"), change("1", "2", source="zlib"))
    assert [one.version for one in found.fixes] == ["5"]
    assert found.untold == ("openssl", "zlib")


def test_a_downgrade_loses_fixes() -> None:
    old = entry("3.0-3", "CVE-2024-3333") + entry("3.0-2")
    found = fixes(entry("3.0-2"), change("3.0-3", "3.0-2", step="down"), old=old)
    assert [(one.version, one.is_lost) for one in found.fixes] == [("3.0-3", True)]


def test_a_package_that_comes_or_is_only_rebuilt_has_no_fixes() -> None:
    rebuilt = change("1", "1")
    assert fixes(entry("1", "CVE-2024-1111"), change("", "1", step="in"), rebuilt) == Fixes(
        fixes=(), untold=()
    )
