import pytest

from modpkg.model.settings import Mount, NodeNetwork, Settings, Time, conflicts, merge


def test_the_nearest_layer_that_says_something_wins() -> None:
    merged = merge([Settings(image="a", disks="x"), Settings(image="b"), Settings()])
    assert (merged.image, merged.disks, merged.chroot) == ("b", "x", None)


def test_lists_of_all_layers_are_joined_without_repetition() -> None:
    merged = merge([Settings(kernel_arguments=("a", "b")), Settings(kernel_arguments=("b", "c"))])
    assert merged.kernel_arguments == ("a", "b", "c")


def test_tables_are_joined_and_the_nearest_entry_wins() -> None:
    wide = {"/home": Mount(source="a:/home"), "/opt": Mount(source="a:/opt")}
    near = {"/home": Mount(source="b:/home")}
    merged = merge([Settings(mounts=wide), Settings(mounts=near)])
    assert {path: mount.source for path, mount in merged.mounts.items()} == {
        "/home": "b:/home",
        "/opt": "a:/opt",
    }


def test_a_merge_of_nothing_says_nothing() -> None:
    assert merge([]) == Settings()


@pytest.mark.parametrize(
    ("first", "second", "ways"),
    [
        (Settings(image="a"), Settings(image="a"), []),
        (Settings(image="a"), Settings(), []),
        (Settings(image="a"), Settings(image="b"), [("image",)]),
        (Settings(time=Time(zone="UTC")), Settings(time=Time(zone="CET")), [("time",)]),
        (Settings(roles=("a",)), Settings(roles=("b",)), []),
        (
            Settings(networks={"eth0": NodeNetwork(address="dhcp")}),
            Settings(
                networks={"eth0": NodeNetwork(address="10.0.0.1/8"), "eth1": NodeNetwork(address="dhcp")}
            ),
            [("networks", "eth0")],
        ),
    ],
)
def test_groups_disagree_where_both_speak_and_differ(
    first: Settings, second: Settings, ways: list[tuple[str, ...]]
) -> None:
    assert list(conflicts(first, second)) == ways
    assert list(conflicts(second, first)) == ways
