from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.image import boot_files
from modpkg.image.boot_files import boot_texts
from modpkg.model.image import Image, ImageDirectory, ImageFile, SiteMark

ROOT = ImageFile(size=1, sha256="ab" * 32)
SITE = ImageFile(size=1, sha256="cd" * 32)


def about(**files: ImageFile) -> ImageDirectory:
    return ImageDirectory(
        name="compute",
        image=Image(version="12.0.3-67.cbdppkwfzz", platform="bookworm", architecture="amd64", modules=()),
        kernel="6.1.0",
        kernel_arguments=("quiet", "mitigations=off"),
        files={"root.squashfs": ROOT, **{name.replace("_", "."): file for name, file in files.items()}},
        waits_for_site=(),
        tests={},
        site=SiteMark(digest="ef" * 32, fingerprint="bcdfghjklm") if files else None,
    )


def test_the_command_line_names_files_and_digests_and_no_address() -> None:
    assert boot_texts(about())["cmdline"] == (
        f"quiet mitigations=off modpkg.image=root.squashfs modpkg.sha256={'ab' * 32}\n"
    )
    assert boot_texts(about(site_squashfs=SITE))["cmdline"] == (
        f"quiet mitigations=off modpkg.image=root.squashfs modpkg.sha256={'ab' * 32} "
        f"modpkg.site=site.squashfs modpkg.site-sha256={'cd' * 32}\n"
    )


def test_ipxe_gives_the_same_words_and_where_it_comes_from() -> None:
    text = boot_texts(about(site_squashfs=SITE))["boot.ipxe"]
    lines = text.splitlines()
    assert lines[0] == "#!ipxe"
    (kernel,) = [line for line in lines if line.startswith("kernel ")]
    words = boot_texts(about(site_squashfs=SITE))["cmdline"].strip()
    assert kernel == f"kernel vmlinuz initrd=initrd modpkg.base=${{base}} {words}"
    assert lines[-2:] == ["initrd initrd", "boot"]


@pytest.mark.programs
@pytest.mark.parametrize("shell", ["sh", "dash"])
def test_the_script_is_plain_shell(shell: str) -> None:
    script = Path(boot_files.__file__).with_name("boot.sh")
    assert boot_texts(about())["boot.sh"] == script.read_text()
    run(["shellcheck", f"--shell={shell}", script])
