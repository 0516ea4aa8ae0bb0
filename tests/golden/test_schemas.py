from pathlib import Path

from modpkg.formats.schema import stale_schemas, write_schemas

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def test_the_schemas_in_the_checkout_are_those_of_the_model() -> None:
    assert stale_schemas(SCHEMAS) == []


def test_no_schema_is_left_of_a_kind_that_is_gone(tmp_path: Path) -> None:
    wanted = {receipt.path.name for receipt in write_schemas(tmp_path)}
    assert {path.name for path in SCHEMAS.iterdir()} == wanted


def test_a_schema_that_differs_or_is_missing_is_stale(tmp_path: Path) -> None:
    first, second, *_ = (receipt.path for receipt in write_schemas(tmp_path))
    first.write_text("{}\n")
    second.unlink()
    assert stale_schemas(tmp_path) == [first, second]
