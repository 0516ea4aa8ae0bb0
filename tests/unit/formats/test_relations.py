"""Relations between modules, as names of packages."""

from __future__ import annotations

from modpkg.formats.relations import Relation, conflicts, provides, requires
from tests.support.modules import module


def lower(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version, "fragment": "0" * 64}


def test_lower_modules_are_required_exactly_and_in_order() -> None:
    made = module(depends=[lower("kernel", "6.1.90-3"), lower("core", "12.0.3-41")])
    assert requires(made) == (
        Relation(name="modpkg-module-core-bookworm", version="12.0.3-41"),
        Relation(name="modpkg-module-kernel-bookworm", version="6.1.90-3"),
    )


def test_a_module_provides_its_names_and_roles_but_not_its_own_package() -> None:
    names = [relation.name for relation in provides(module(provides=["workload-manager", "slurm"]))]
    assert names == [
        "modpkg-module",
        "modpkg-module-slurm",
        "modpkg-module-workload-manager",
        "modpkg-module-workload-manager-bookworm",
    ]


def test_provides_carry_the_version() -> None:
    assert {relation.version for relation in provides(module())} == {"23.11.4-2"}


def test_an_exclusive_role_is_provided_and_conflicted() -> None:
    made = module(provides=["scheduler"], conflicts=["scheduler"])
    refused = conflicts(made)
    assert refused == (Relation(name="modpkg-module-scheduler-bookworm"),)
    assert refused[0].name in {relation.name for relation in provides(made)}


def test_nothing_to_say_is_nothing() -> None:
    made = module(depends=[], conflicts=[])
    assert requires(made) == conflicts(made) == ()
