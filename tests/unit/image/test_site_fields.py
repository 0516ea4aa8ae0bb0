from modpkg.image.site_fields import Wish, has_root, wishes_of
from modpkg.model.module import State
from modpkg.model.site import Resolver, SiteDocument
from tests.support.site import HASH, KEY, OTHER_KEY, STATE


def wishes(document: SiteDocument, *, state: State = STATE) -> dict[str, Wish]:
    return dict(wishes_of(document, keys=(OTHER_KEY, *document.root_keys), state=state))


def test_a_document_that_says_nothing_makes_nothing() -> None:
    assert wishes(SiteDocument()) == {}


def test_the_hash_takes_the_place_of_root_s_in_the_shadow_of_the_modules() -> None:
    (found,) = wishes(SiteDocument(root_password=HASH)).items()
    path, shadow = found
    assert path == "etc/shadow"
    assert shadow.text == f"munge:!:::::::\nroot:{HASH}::0:99999:7:::\n"
    assert (shadow.owner, shadow.group, shadow.mode) == ("root", "shadow", 0o640)


def test_without_root_in_the_shadow_there_is_no_file() -> None:
    assert not has_root(State())
    assert wishes(SiteDocument(root_password=HASH), state=State()) == {}


def test_keys_are_root_s_alone() -> None:
    made = wishes(SiteDocument(root_keys=(KEY,)))
    assert made["root/.ssh/authorized_keys"].text == f"{OTHER_KEY}\n{KEY}\n"
    assert [(path, wish.owner, wish.mode) for path, wish in made.items()] == [
        ("root/.ssh", "root", 0o700),
        ("root/.ssh/authorized_keys", "root", 0o600),
    ]


def test_a_resolver_is_what_the_library_reads() -> None:
    resolver = Resolver(nameservers=("10.0.0.1", "2001:db8::1"), search=("a.example", "b.example"))
    (made,) = wishes(SiteDocument(resolver=resolver)).values()
    assert made.text == "search a.example b.example\nnameserver 10.0.0.1\nnameserver 2001:db8::1\n"
    plain = wishes(SiteDocument(resolver=Resolver(nameservers=("10.0.0.1",))))
    assert plain["etc/resolv.conf"].text == "nameserver 10.0.0.1\n"


def test_a_time_zone_is_a_link_and_its_name() -> None:
    made = wishes(SiteDocument(time_zone="Europe/Berlin"))
    assert made["etc/localtime"].target == "/usr/share/zoneinfo/Europe/Berlin"
    assert made["etc/timezone"].text == "Europe/Berlin\n"
