from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.target import Target
from tests.support.repos import make_document

if TYPE_CHECKING:
    from pathlib import Path


def test_a_channel_of_the_document_is_taken(tmp_path: Path) -> None:
    Target(repository=tmp_path, document=make_document(None), channel="testing").check()


def test_another_one_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    document = make_document(None)
    with pytest.raises(BadInputError, match="'tasting'") as caught:
        Target(repository=tmp_path, document=document, channel="tasting").check()
    assert ", ".join(document.channels) in caught.value.hint
