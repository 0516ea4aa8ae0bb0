"""A reader of cpio's newc format, written from its description."""

HEADER_BYTES = 110
FIELDS = (
    *("inode", "mode", "owner", "group", "links", "mtime", "size"),
    *("fmajor", "fminor", "major", "minor", "namesize", "check"),
)


def read_archive(data: bytes) -> list[dict[str, object]]:
    """Read entries up to the trailer: fields by name, and the file's name and content."""
    entries = []
    at = 0
    while True:
        assert data[at : at + 6] == b"070701", f"no header at {at}"
        numbers = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        fields: dict[str, object] = dict(zip(FIELDS, numbers, strict=True))
        start = at + HEADER_BYTES
        name = data[start : start + numbers[11]]
        assert name.endswith(b"\0")
        body = -(-(start + numbers[11]) // 4) * 4
        fields["path"] = name[:-1].decode()
        fields["data"] = data[body : body + numbers[6]]
        if fields["path"] == "TRAILER!!!":
            assert not data[body:].strip(b"\0")
            return entries
        entries.append(fields)
        at = -(-(body + numbers[6]) // 4) * 4
