from typing import Any

import pytest
from pydantic import ValidationError

from modpkg.model.site import FIELD_OF, SiteDocument, refusal
from modpkg.rootfs.state.databases import DATABASES
from modpkg.rootfs.state.dpkg import STATUS
from tests.support.site import HASH, KEY, OTHER_KEY


def document(**fields: Any) -> SiteDocument:
    return SiteDocument.model_validate({key.replace("_", "-"): value for key, value in fields.items()})


@pytest.mark.parametrize(
    "text",
    [
        HASH,
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "$7$CU..../....2Q9obwLhin8qvQl6sisAO/$sc/GHz.uhdUYvn0uA8TkZhvNuIMWJZDIXnTfLMpzQF2",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        f"$6$rounds=5000$salt${'h' * 86}",
        f"$5$salt${'h' * 43}",
    ],
)
def test_hashes_of_methods_that_are_not_weak_are_taken(text: str) -> None:
    assert document(root_password=text).root_password == text


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "",
        "*",
        "!",
        f"!{HASH}",
        f"{HASH}\n",
        f"{HASH}:0",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$6$salt$short",
        "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
        "aXcTJY4vYO4Rw",
        1234,
        None,
        ["x"],
    ],
)
def test_other_words_are_refused_and_not_repeated(text: object) -> None:
    if text is None:
        assert document(root_password=None).root_password is None
        return
    with pytest.raises(ValidationError) as caught:
        document(root_password=text)
    (error,) = caught.value.errors()
    assert error["type"] == "unshown"
    assert error["msg"] == "is no hash of crypt(5), or one of a method that is too weak"


@pytest.mark.parametrize(
    "line",
    [
        KEY,
        OTHER_KEY.rpartition(" ")[0],
        f'from="10.0.0.*,head",no-pty {KEY}',
        f'command="echo \\"ssh-rsa hello\\"" {KEY}',
    ],
)
def test_public_keys_are_taken_with_options_and_comments(line: str) -> None:
    assert document(root_keys=(line,)).root_keys == (line,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (KEY.replace("ssh-ed25519 ", "ssh-dss "), "has no key of a type that sshd takes"),
        (KEY.replace("ssh-ed25519 ", "ssh-rsa "), "is no key of the type ssh-rsa"),
        (KEY.replace("HR4f", ""), "is cut off or damaged"),
        (KEY.replace("AAAA", "AA!A"), "has no base64 after ssh-ed25519"),
        ("ssh-ed25519", "has no base64 after ssh-ed25519"),
        (f"a b {KEY}", "has no key of a type"),
        ("", "has no key of a type"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "is not one line with a public key"),
        (f"{KEY}\n{OTHER_KEY}", "is not one line with a public key"),
    ],
)
def test_what_is_no_public_key_is_refused(line: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        document(root_keys=(line,))


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1"])
def test_servers_of_names_are_addresses(address: str) -> None:
    resolver = document(resolver={"nameservers": (address,)}).resolver
    assert resolver is not None
    assert resolver.nameservers == (address,)


@pytest.mark.parametrize("address", ["head", "10.0.0.256", "10.0.0.1/24", ""])
def test_other_servers_of_names_are_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="is not an IP address"):
        document(resolver={"nameservers": (address,)})


@pytest.mark.parametrize("zone", ["../etc", "/etc/x", "Europe/../x", "Europe//Berlin", "", "Europe/", ".x"])
def test_a_time_zone_leads_nowhere_else(zone: str) -> None:
    with pytest.raises(ValidationError):
        document(time_zone=zone)


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+12", "America/Argentina/Buenos_Aires", "Europe/Berlin"])
def test_time_zones(zone: str) -> None:
    assert document(time_zone=zone).time_zone == zone


def test_every_database_that_modules_share_is_refused() -> None:
    paths = [database.pattern.replace("*", "x") for database in DATABASES]
    assert [path for path in [*paths, STATUS] if not refusal(path)] == []


@pytest.mark.parametrize(
    "path", ["etc/motd", "etc/hosts", "etc/ssh/sshd_config", "usr/local/bin/x", *FIELD_OF]
)
def test_other_paths_are_the_site_s(path: str) -> None:
    assert refusal(path) == ""


@pytest.mark.parametrize(
    ("path", "way_out"),
    [
        ("etc/shadow", "root-password"),
        ("etc/shadow-", "root-password"),
        ("etc/passwd", "accounts"),
        ("etc/hostname", "node"),
        ("etc/ld.so.conf.d/site.conf", "module"),
        ("run/x", "mounts"),
        ("boot/vmlinuz", "beside the root"),
    ],
)
def test_a_refusal_says_the_way_out(path: str, way_out: str) -> None:
    assert way_out in refusal(path)
