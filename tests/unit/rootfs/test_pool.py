from pathlib import Path

import pytest
from debian.deb822 import Deb822, Packages

from modpkg.errors import BadInputError
from modpkg.host.files import digest_file
from modpkg.model.lock import LockedPackage
from modpkg.rootfs.pool import Pool, make_pool
from tests.support.packages import write_pair


def locked(deb: Path, **changes: str) -> LockedPackage:
    name, version, architecture = deb.name.removesuffix(".deb").split("_")
    known = {
        "name": name,
        "version": version,
        "architecture": architecture,
        "source": name,
        "source_version": version,
        "mirror": "debian",
        "path": f"pool/main/{deb.name}",
        "sha256": digest_file(deb),
    }
    return LockedPackage(**{**known, **changes}, size=deb.stat().st_size)


@pytest.fixture
def debs(tmp_path: Path) -> list[Path]:
    names = ("core", "slurm")
    return [write_pair(tmp_path / name, name.encode(), name=name).deb for name in names]


def pool_of(directory: Path, debs: list[Path], *packages: LockedPackage) -> Pool:
    listed = packages or tuple(map(locked, debs))
    files = {one.sha256: path for one, path in zip(listed, debs, strict=True)}
    return make_pool(directory, listed, files=files, suite="bookworm")


def test_the_pool_holds_the_files_by_the_names_that_apt_expects(tmp_path: Path, debs: list[Path]) -> None:
    pool = pool_of(tmp_path / "pool", debs)
    names = {path.name for path in pool.directory.iterdir()}
    assert names == {debs[0].name, debs[1].name, "Packages", "Release"}


def test_packages_are_links_and_take_no_room(tmp_path: Path, debs: list[Path]) -> None:
    pool = pool_of(tmp_path / "pool", debs)
    assert all((pool.directory / deb.name).samefile(deb) for deb in debs)


def test_an_epoch_is_escaped_in_the_name(
    tmp_path: Path, debs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = locked(debs[0])
    monkeypatch.setattr(
        "modpkg.rootfs.pool._stanza", lambda path, package: f"{path.name} {package.version}\n"
    )
    package = real.model_copy(update={"version": "1:2.3"})
    pool = make_pool(tmp_path / "pool", [package], files={real.sha256: debs[0]}, suite="x")
    assert (pool.directory / "Packages").read_text() == f"{real.name}_1%3a2.3_{real.architecture}.deb 1:2.3\n"


def test_the_index_has_each_control_file_with_place_size_and_digest(tmp_path: Path, debs: list[Path]) -> None:
    pool = pool_of(tmp_path / "pool", debs)
    with (pool.directory / "Packages").open() as stream:
        stanzas = list(Packages.iter_paragraphs(stream, use_apt_pkg=False))
    assert [stanza["Package"] for stanza in stanzas] == [
        "modpkg-module-core-bookworm",
        "modpkg-module-slurm-bookworm",
    ]
    for stanza, deb in zip(stanzas, debs, strict=True):
        assert stanza["Filename"] == f"./{deb.name}"
        assert (pool.directory / stanza["Filename"]).is_file()
        assert int(stanza["Size"]) == deb.stat().st_size
        assert stanza["SHA256"] == digest_file(deb)
        assert stanza["Description"]


def test_the_release_names_the_suite_or_mmdebstrap_would_find_nothing_essential(
    tmp_path: Path, debs: list[Path]
) -> None:
    pool = pool_of(tmp_path / "pool", debs)
    release = Deb822((pool.directory / "Release").read_text())
    assert (release["Suite"], release["Codename"]) == ("bookworm", "bookworm")


def test_apt_is_told_where_it_lies(tmp_path: Path, debs: list[Path]) -> None:
    pool = pool_of(tmp_path / "pool", debs)
    assert pool.source == f"deb [trusted=yes] copy://{tmp_path}/pool ./"


def test_an_empty_pool_is_a_pool(tmp_path: Path) -> None:
    pool = make_pool(tmp_path / "pool", [], files={}, suite="bookworm")
    assert (pool.directory / "Packages").read_text() == ""


@pytest.mark.parametrize(("field", "value"), [("version", "9.9-9"), ("name", "munge")])
def test_a_file_that_holds_another_package_is_refused(
    tmp_path: Path, debs: list[Path], field: str, value: str
) -> None:
    package = locked(debs[0], **{field: value})
    with pytest.raises(BadInputError) as caught:
        pool_of(tmp_path / "pool", debs[:1], package)
    real = locked(debs[0])
    assert str(caught.value) == (
        f"cannot use {package.file_name}: it holds {real.name} {real.version}\n"
        f"  hint: renew the lock: it names {package.name} {package.version}"
    )


def test_a_pool_is_made_once(tmp_path: Path, debs: list[Path]) -> None:
    pool_of(tmp_path / "pool", debs)
    with pytest.raises(FileExistsError):
        pool_of(tmp_path / "pool", debs)


def test_the_files_of_the_store_stay_as_they_are(tmp_path: Path, debs: list[Path]) -> None:
    debs[0].chmod(0o444)
    before = [(digest_file(deb), deb.stat().st_mode) for deb in debs]
    pool_of(tmp_path / "pool", debs)
    assert [(digest_file(deb), deb.stat().st_mode) for deb in debs] == before


def test_the_source_of_a_pool_in_a_folder_with_spaces_is_one_word(tmp_path: Path) -> None:
    source = Pool(tmp_path / "a folder, 100% mine").source
    assert source == f"deb [trusted=yes] copy://{tmp_path}/a%20folder%2C%20100%25%20mine ./"
