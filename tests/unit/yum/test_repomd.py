"""repomd.xml, held against createrepo_c."""

from __future__ import annotations

import createrepo_c

from modpkg.formats.frames import Facts
from modpkg.yum.repomd import file_name, names_in, render_repomd

DATE = 1_763_805_600
INDICES = {
    kind: Facts(size=9 * size, sha256=f"{size:064x}", packed_size=size, packed_sha256=f"{7 * size:064x}")
    for kind, size in (("primary", 1234), ("filelists", 567), ("other", 8))
}


def by_createrepo() -> str:
    repomd = createrepo_c.Repomd()
    repomd.set_revision(str(DATE))
    for kind, facts in INDICES.items():
        record = createrepo_c.RepomdRecord(kind, None)
        record.location_href = f"repodata/{file_name(kind, facts)}"
        record.checksum_type = record.checksum_open_type = "sha256"
        record.checksum, record.checksum_open = facts.packed_sha256, facts.sha256
        record.size, record.size_open = facts.packed_size, facts.size
        record.timestamp = DATE
        repomd.set_record(record)
    return str(repomd.xml_dump())


def test_it_is_what_createrepo_writes_to_the_byte() -> None:
    assert render_repomd(INDICES, date=DATE) == by_createrepo()


def test_the_names_are_those_of_its_indices() -> None:
    names = [file_name(kind, facts) for kind, facts in INDICES.items()]
    assert names_in(render_repomd(INDICES, date=DATE)) == names_in(by_createrepo()) == names


def test_a_name_that_leads_elsewhere_is_none() -> None:
    assert names_in('<location href="repodata/../../x"/><location href="x.gz"/>') == []
