import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.image.site import SiteError, SiteLayer, compose
from modpkg.model.module import State
from tests.support.site import HASH, KEY, OTHER_KEY, PATHS, STATE, modules, parts, write_site

GOLDEN = Path(__file__).parents[2] / "golden/image/site-findings.txt"


def layer(recipes: Path, files: dict[str, str], **core: object) -> SiteLayer:
    write_site(recipes, files)
    made = compose(parts(recipes), modules(**core), image="compute")
    assert made is not None
    return made


def lines(made: SiteLayer) -> dict[str, str]:
    return {path: entry.line for path, entry in made.entries.items()}


def content(text: str) -> str:
    return f"{len(text.encode())} {hashlib.sha256(text.encode()).hexdigest()}"


def test_without_a_site_there_is_no_layer(tmp_path: Path) -> None:
    assert compose((), modules(), image="compute") is None
    write_site(tmp_path, {"compute.yaml": "files: []\n"})
    assert compose(parts(tmp_path), modules(), image="compute") is None


def test_new_files_are_root_s_whatever_the_checkout_says(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/opt/site/bin/x": "x", "compute/opt/site/y": "y"})
    (tmp_path / "site/compute/opt/site/bin/x").chmod(0o700)
    (tmp_path / "site/compute/opt/site/y").chmod(0o666)
    (tmp_path / "site/compute/opt/site").chmod(0o777)
    (tmp_path / "site/compute/opt/link").symlink_to("site/y z")
    assert lines(layer(tmp_path, {})) == {
        "opt": "dir 0755 0 0",
        "opt/link": "symlink 0777 0 0 site/y%20z",
        "opt/site": "dir 0755 0 0",
        "opt/site/bin": "dir 0755 0 0",
        "opt/site/bin/x": f"file 0755 0 0 {content('x')}",
        "opt/site/y": f"file 0644 0 0 {content('y')}",
    }


def test_what_takes_a_place_keeps_owner_and_mode(tmp_path: Path) -> None:
    files = {"compute/etc/sudoers": "x", "compute/etc/munge/munge.key": "k", "compute/root/.profile": "p"}
    assert lines(layer(tmp_path, files)) == {
        "etc": "dir 0755 0 0",
        "etc/munge": "dir 0700 105 105",
        "etc/munge/munge.key": f"file 0644 0 0 {content('k')}",
        "etc/sudoers": f"file 0440 0 0 {content('x')}",
        "root": "dir 0700 0 0",
        "root/.profile": f"file 0644 0 0 {content('p')}",
    }


def test_a_document_says_whose_files_are(tmp_path: Path) -> None:
    document = (
        'files:\n  - {path: /etc/munge/munge.key, owner: munge, group: munge, mode: "0400"}\n'
        '  - {path: /etc/sudoers, group: shadow}\n  - {path: /etc/munge, mode: "0750"}\n'
    )
    files = {"compute/etc/munge/munge.key": "k", "compute/etc/sudoers": "x", "compute.yaml": document}
    made = lines(layer(tmp_path, files))
    assert made["etc/munge/munge.key"] == f"file 0400 105 105 {content('k')}"
    assert made["etc/sudoers"] == f"file 0440 0 42 {content('x')}"
    assert made["etc/munge"] == "dir 0750 105 105"


def test_the_image_s_own_counts_more_than_what_is_common(tmp_path: Path) -> None:
    files = {
        "common/etc/motd": "common",
        "common/etc/issue": "common",
        "common.yaml": f"root-keys: [{KEY}]\ntime-zone: Europe/Berlin\nresolver: {{nameservers: [10.0.0.1]}}\n",
        "compute/etc/motd": "compute",
        "compute/etc/resolv.conf": "own",
        "compute.yaml": f"root-keys: [{OTHER_KEY}, {KEY}]\n",
    }
    made = layer(tmp_path, files)
    sources = {path: entry.source for path, entry in made.entries.items() if entry.source}
    assert sources == {
        "etc/issue": tmp_path / "site/common/etc/issue",
        "etc/motd": tmp_path / "site/compute/etc/motd",
        "etc/resolv.conf": tmp_path / "site/compute/etc/resolv.conf",
    }
    assert made.entries["root/.ssh/authorized_keys"].text == f"{KEY}\n{OTHER_KEY}\n"
    assert made.entries["etc/localtime"].target == "/usr/share/zoneinfo/Europe/Berlin"


def test_a_hash_makes_a_shadow_of_all_accounts(tmp_path: Path) -> None:
    made = layer(tmp_path, {"common.yaml": f"root-password: {HASH}\n"})
    text = f"munge:!:::::::\nroot:{HASH}::0:99999:7:::\n"
    assert made.entries["etc/shadow"].text == text
    assert made.entries["etc/shadow"].line == f"file 0640 0 42 {content(text)}"
    assert made.entries["etc"].line == "dir 0755 0 0"


def test_the_digest_is_of_what_a_node_sees_and_of_nothing_else(tmp_path: Path) -> None:
    one = layer(tmp_path / "one", {"compute/etc/motd": "x"})
    (tmp_path / "two/elsewhere").mkdir(parents=True)
    two = layer(tmp_path / "two/elsewhere", {"common/etc/motd": "x"})
    assert one.mark == two.mark
    assert len(one.mark.fingerprint) == 10


def to_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("y")


def written(text: str) -> Callable[[Path], object]:
    return lambda site: (site / "compute.yaml").write_text(text)


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda site: (site / "compute/etc/motd").write_text("y"),
    "x bit": lambda site: (site / "compute/opt/x").chmod(0o755),
    "kind": lambda site: to_a_link(site / "compute/opt/x"),
    "name": lambda site: (site / "compute/opt/x").rename(site / "compute/opt/y"),
    "owner": written("files: [{path: /opt/x, owner: munge}]\n"),
    "mode": written('files: [{path: /opt/x, mode: "0600"}]\n'),
    "field": written("time-zone: Europe/Berlin\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_another_digest(tmp_path: Path, change: str) -> None:
    before = layer(tmp_path, {"compute/etc/motd": "x", "compute/opt/x": "x"})
    CHANGES[change](tmp_path / "site")
    after = layer(tmp_path, {})
    assert before.mark.digest != after.mark.digest
    assert before.mark.fingerprint != after.mark.fingerprint


def test_all_findings_come_at_once(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    files = {
        "common/srv/x": "below a file of the site",
        "compute/srv": "a file",
        "compute/etc/motd/x": "below a file of the modules",
        "compute/lib/systemd/system/x.service": "behind a link of the modules",
        "compute/opt/x": "x",
        "compute.yaml": (
            "time-zone: Europe/Berlim\nroot-password: " + HASH + "\n"
            "files: [{path: /opt/x, owner: slurm, group: slurm}]\n"
        ),
    }
    write_site(tmp_path, files)
    state = State(lines={**STATE.lines, "etc/shadow": ("munge:!:::::::",)})
    with pytest.raises(SiteError) as caught:
        compose(parts(tmp_path), modules(state=state), image="compute")
    golden(GOLDEN, f"{caught.value}\n".replace(str(tmp_path), "recipes"))


def test_a_link_over_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site/compute").mkdir(parents=True)
    (tmp_path / "site/compute/etc").symlink_to("usr")
    with pytest.raises(SiteError, match="the modules have a directory there"):
        compose(parts(tmp_path), modules(), image="compute")


def test_a_file_may_take_the_place_of_a_link_and_a_link_that_of_a_file(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/etc/localtime": "TZif"})
    (tmp_path / "site/compute/etc/motd").symlink_to("/run/motd")
    made = lines(layer(tmp_path, {}))
    assert made["etc/localtime"].startswith("file 0644 0 0 ")
    assert made["etc/motd"] == "symlink 0777 0 0 /run/motd"


def test_the_order_of_modules_says_nothing(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/etc/motd": "x"})
    core, kernel = modules()
    assert compose(parts(tmp_path), [kernel, core], image="x") == compose(
        parts(tmp_path), [core, kernel], image="x"
    )
    assert PATHS["etc/motd"].startswith("file 0644")
