from __future__ import annotations

import json
from pathlib import Path

import pytest

from modpkg.formats.schema import KINDS, schema_of, schemas, write_schemas
from modpkg.host.files import receipt_of

SCHEMAS = Path(__file__).parents[3] / "docs/reference/schemas"


@pytest.mark.parametrize("name", sorted(f"{kind}.json" for kind in KINDS))
def test_the_committed_schema_is_fresh(name: str) -> None:
    assert (SCHEMAS / name).read_text() == schemas()[name], f"{name} is stale: run `invoke schemas`"


def test_no_other_schema_lies_there() -> None:
    assert sorted(path.name for path in SCHEMAS.iterdir()) == sorted(schemas())


def test_written_schemas_have_receipts(tmp_path: Path) -> None:
    receipts = write_schemas(tmp_path)
    assert [receipt.path.name for receipt in receipts] == list(schemas())
    assert receipts == [receipt_of(receipt.path) for receipt in receipts]


def test_a_schema_refuses_unknown_keys_and_knows_those_with_dashes() -> None:
    schema = json.loads(json.dumps(schema_of("recipe")))
    assert schema["additionalProperties"] is False
    assert "waits-for-site" in schema["properties"]
    assert "waits_for_site" not in schema["properties"]
