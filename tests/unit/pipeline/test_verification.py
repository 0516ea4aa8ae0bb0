from pathlib import Path

from modpkg.pipeline.verification import Difference, Verification


def difference(module: str, kind: str = "content") -> Difference:
    return Difference(
        file="root.squashfs",
        path="/x",
        module=module,
        version="1",
        part="fragment",
        kind=kind,
        expected="",
        found="",
    )


def test_who_has_most_differences_is_named_first() -> None:
    found = Verification(
        label="x",
        path=Path("x"),
        verdict="different",
        differences=tuple(map(difference, ("core", "ib", "glue", "ib", ""))),
    )
    assert found.guilty == ("ib", "core", "glue")
