import re
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, Output
from modpkg.host.mirrors import Mirrors
from modpkg.host.run import Completed
from modpkg.model.platform import Platform
from modpkg.rootfs import apt_root as subject
from modpkg.rootfs.apt_root import AptRoot, Chosen
from tests.support.jobs import PLATFORM

MIRROR = "https://mirror.example.org/debian"
SECURITY = "file:///srv/security"
SOURCES = (
    {"mirror": "debian", "suites": ("bookworm", "bookworm-updates"), "components": ("main",)},
    {"mirror": "debian-security", "suites": ("bookworm-security",), "components": ("main", "contrib")},
)
DIGEST = "ab" * 32


class Apt:
    """Takes the place of apt: what it answers, what it was asked."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.answer = ("", "", 0)

    def __call__(self, argv: list[str], *, env: dict[str, str], sink: object, check: bool) -> Completed:
        assert not check
        self.commands.append([str(word) for word in argv])
        self.environments.append(env)
        stdout, stderr, code = self.answer
        for line in stdout.splitlines():
            sink(Output(argv[0], line))  # type: ignore[operator]
        return Completed(tuple(argv), code, stdout, stderr)


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    made = Apt()
    monkeypatch.setattr(subject, "run", made)
    monkeypatch.setattr(subject.tools, "require", lambda name: f"/usr/bin/{name}")
    return made


@pytest.fixture
def root(tmp_path: Path) -> AptRoot:
    mirrors = Mirrors(environ={}, configured={"debian": MIRROR, "debian-security": SECURITY}, snapshots={})
    return AptRoot.make(tmp_path / "apt", Platform(**{**PLATFORM, "sources": SOURCES}), mirrors)


def settings(root: AptRoot) -> dict[str, str]:
    text = (root.directory / "apt.conf").read_text()
    return dict(re.findall(r'^(\S+) "([^"]*)";$', text, re.MULTILINE))


def test_all_its_directories_are_its_own(root: AptRoot) -> None:
    found = settings(root)
    places = {
        name: value for name, value in found.items() if name.startswith("Dir") and "methods" not in name
    }
    assert len(places) >= 6
    assert all(value.startswith(str(root.directory)) for value in places.values())
    assert not any(value.startswith("/dev") for value in found.values())


def test_signatures_and_dates_are_checked_whatever_the_host_says(root: AptRoot) -> None:
    found = settings(root)
    assert (found["Acquire::Check-Valid-Until"], found["Acquire::Check-Date"]) == ("true", "true")
    assert found["Acquire::AllowInsecureRepositories"] == "false"
    assert found["APT::Get::AllowUnauthenticated"] == "false"
    assert found["Acquire::ForceHash"] == "SHA256"


def test_it_neither_recommends_nor_removes(root: AptRoot) -> None:
    found = settings(root)
    assert (found["APT::Install-Recommends"], found["APT::Get::Remove"]) == ("false", "false")


def test_its_sources_are_those_of_the_platform(root: AptRoot) -> None:
    text = (root.directory / "etc/sources.list.d/platform.sources").read_text()
    first, second = text.split("\n\n")
    assert first.splitlines() == [
        "Types: deb",
        f"URIs: {MIRROR}",
        "Suites: bookworm bookworm-updates",
        "Components: main",
        "Architectures: amd64",
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    ]
    assert f"URIs: {SECURITY}\n" in second
    assert "Components: main contrib\n" in second


def test_lists_of_an_earlier_time_stay(root: AptRoot, tmp_path: Path) -> None:
    kept = root.directory / "state/lists/a_list"
    kept.write_text("x")
    mirrors = Mirrors(environ={}, configured={"debian": MIRROR, "debian-security": SECURITY}, snapshots={})
    AptRoot.make(tmp_path / "apt", Platform(**{**PLATFORM, "sources": SOURCES}), mirrors)
    assert kept.read_text() == "x"


def test_an_update_dies_with_who_asked_and_knows_its_configuration(root: AptRoot, apt: Apt) -> None:
    root.update()
    assert apt.commands == [["setpriv", "--pdeathsig", "KILL", "/usr/bin/apt-get", "update"]]
    assert apt.environments == [{"APT_CONFIG": str(root.directory / "apt.conf")}]


def test_addresses_are_hidden_from_whoever_looks_on(root: AptRoot, apt: Apt) -> None:
    apt.answer = (
        f"Get:1 {MIRROR} bookworm InRelease\nGet:2 file:/srv/security bookworm-security InRelease\n",
        "",
        0,
    )
    events: list[Event] = []
    root.update(sink=events.append)
    lines = [event.line for event in events if isinstance(event, Output)]
    assert len(lines) == 2
    assert not any("mirror.example" in line or "/srv/security" in line for line in lines)


def test_an_update_that_fails_is_an_error_without_the_address(root: AptRoot, apt: Apt) -> None:
    apt.answer = ("", f"E: The repository '{MIRROR} bookworm InRelease' is not signed.\n", 100)
    with pytest.raises(ModpkgError, match="cannot trust the archive: it is not signed") as caught:
        root.update()
    assert "mirror.example" not in str(caught.value)


def test_package_lists_are_told_with_the_alias_of_their_mirror(root: AptRoot, apt: Apt) -> None:
    apt.answer = (f"{MIRROR}/\t/a/lists/one\nfile:/srv/security/\t/a/lists/two\n", "", 0)
    assert root.package_lists() == [
        ("debian", Path("/a/lists/one")),
        ("debian-security", Path("/a/lists/two")),
    ]


def test_an_address_of_no_mirror_is_a_fault_of_modpkg(root: AptRoot, apt: Apt) -> None:
    apt.answer = ("https://elsewhere.example/debian/\t/a/lists/one\n", "", 0)
    with pytest.raises(
        ModpkgError, match="internal error: apt names an address that is of none of the mirrors"
    ):
        root.package_lists()


def test_what_apt_chooses_is_told_by_mirror_and_digest(root: AptRoot, apt: Apt) -> None:
    other = "cd" * 32
    lines = (
        "Reading package lists...",
        f"'{MIRROR}/pool/main/m/munge/munge_0.5_amd64.deb' munge_0.5_amd64.deb 100 SHA256:{DIGEST}",
        f"'file:/srv/security/pool/x.deb' x.deb 200 SHA256:{other}",
    )
    apt.answer = ("\n".join(lines), "", 0)
    found = root.choose(["munge"], status="Package: base\n", module="slurm")
    assert found == [Chosen(mirror="debian", sha256=DIGEST), Chosen(mirror="debian-security", sha256=other)]
    assert apt.commands[0][-4:] == ["--print-uris", "-q", "install", "munge"]
    assert (root.directory / "status").read_text() == "Package: base\n"


def test_nothing_to_choose_is_nothing(root: AptRoot, apt: Apt) -> None:
    apt.answer = ("0 upgraded, 0 newly installed\n", "", 0)
    assert root.choose(["base"], status="", module="core") == []


def test_packages_that_do_not_go_together_are_told_with_apts_words(root: AptRoot, apt: Apt) -> None:
    words = (
        "The following packages have unmet dependencies:\n munge : Depends: libmunge2 but it is not there\n"
    )
    apt.answer = (words, "E: Unable to correct problems\n", 100)
    with pytest.raises(BadInputError) as caught:
        root.choose(["munge"], status="", module="slurm")
    assert "cannot resolve the packages of module 'slurm'" in caught.value.what
    assert "Depends: libmunge2" in caught.value.what
