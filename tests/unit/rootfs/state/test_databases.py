import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.databases import DATABASES, database_of
from modpkg.rootfs.state.triggers import TRIGGERS, UNINCORPORATED


def test_the_first_pattern_that_matches_owns_a_path() -> None:
    assert database_of("var/lib/dpkg/triggers/Unincorp") is UNINCORPORATED
    assert database_of("var/lib/dpkg/triggers/File") is TRIGGERS


def test_every_database_has_a_pattern_of_its_own() -> None:
    patterns = [database.pattern for database in DATABASES]
    assert len(set(patterns)) == len(patterns)


@pytest.mark.parametrize("path", ["etc/passwd-", "etc/hosts", "etc/x/passwd"])
def test_an_unknown_database_asks_for_a_newer_modpkg(path: str) -> None:
    with pytest.raises(ModpkgError, match="does not know it"):
        database_of(path)
