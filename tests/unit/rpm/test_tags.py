import pytest
import rpmfile

from modpkg.rpm.tags import SHA256_ALGORITHM, FileFlag, Sense, Signature, Tag, Type

# What another reader of the format calls them: it was written by others, from rpm's sources.
KNOWN = {number: name for name, number in rpmfile.headers.tags.items()}
SAME = {
    Tag.NAME: "name",
    Tag.VERSION: "version",
    Tag.RELEASE: "release",
    Tag.SUMMARY: "summary",
    Tag.DESCRIPTION: "description",
    Tag.BUILD_TIME: "buildtime",
    Tag.BUILD_HOST: "buildhost",
    Tag.SIZE: "size",
    Tag.ARCH: "arch",
    Tag.FILE_SIZES: "filesizes",
    Tag.FILE_MODES: "filemodes",
    Tag.DIR_INDEXES: "dirindexes",
    Tag.BASE_NAMES: "basenames",
    Tag.PAYLOAD_COMPRESSOR: "archive_compression",
}


def test_no_number_is_used_twice() -> None:
    for kind in (Type, Signature, Tag):
        assert len(kind.__members__) == len(set(kind))


@pytest.mark.parametrize("tag", sorted(SAME))
def test_numbers_are_those_that_other_readers_know(tag: Tag) -> None:
    if tag not in KNOWN:
        pytest.skip("this version of rpmfile does not name it")
    assert KNOWN[tag] == SAME[tag]


def test_relations_combine_as_rpm_writes_them() -> None:
    assert int(Sense.EQUAL) == 8
    assert int(Sense.GREATER | Sense.EQUAL) == 12
    assert int(Sense.RPMLIB | Sense.LESS | Sense.EQUAL) == 0x0100000A


def test_the_types_are_those_of_the_format() -> None:
    assert [Type.INT16, Type.INT32, Type.STRING, Type.BIN, Type.STRING_ARRAY, Type.I18NSTRING] == [
        3,
        4,
        6,
        7,
        8,
        9,
    ]


def test_the_region_tags_are_those_that_sign_a_header() -> None:
    assert (Signature.REGION, Tag.REGION) == (62, 63)


def test_digests_and_documents() -> None:
    assert SHA256_ALGORITHM == 8  # of OpenPGP (RFC 4880, 9.4)
    assert int(FileFlag.DOCUMENTATION) == 2
