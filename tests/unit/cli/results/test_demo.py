import json
from pathlib import Path

from modpkg.cli.render import to_data, to_text
from modpkg.cli.results.demo import demo_result
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule
from modpkg.node.report import BootReport
from modpkg.pipeline.build_modules import BuiltModule
from modpkg.pipeline.demo import Demo, StepTime
from modpkg.pipeline.publish import Published
from tests.support.stack import make_module

DIGEST = "ab" * 32
ROOT = ImageFile(size=60_000_000, sha256=DIGEST)
IMAGE = ImageDirectory(
    name="compute",
    image=Image(
        version="12.0.3-67.cbdppkwfzz",
        platform="bookworm",
        architecture="amd64",
        modules=(ImageModule(name="core", version="12.0.3-41", fragment=DIGEST, size=44_000_000),),
    ),
    kernel="6.1.0",
    kernel_arguments=(),
    files={"initrd": ImageFile(size=1, sha256="0" * 64), "root.squashfs": ROOT},
    waits_for_site=(),
    tests={},
)
PUBLISHED = Published(
    snapshot=DIGEST,
    channel="testing",
    date=1,
    added=(),
    present=(),
    www=Path("/b/repository/www"),
    release=Path("/b/repository/www/r"),
    mirrorlist=Path("/b/repository/www/m"),
    public_key=Path("/b/repository/www/k"),
    key="F" * 40,
)
REPORT = BootReport(
    multi_user_seconds=21.5,
    failed_units=("munge.service",),
    tests=(),
    timeline=(),
    console=Path("/b/console.log"),
    memory_mb=300,
    audit="",
    startup="",
)


def demo(report: BootReport | None) -> Demo:
    built = BuiltModule(
        module=make_module("core"),
        module_path=Path("/s/module.json"),
        deb=Path("/b/core.deb"),
        rpm=Path("/b/core.rpm"),
        was_built=True,
        reason="it was never built here",
        seconds=1.5,
        cpu_seconds=1.0,
    )
    return Demo(
        modules=(built,),
        published=PUBLISHED,
        image=IMAGE,
        directory=Path("/b/images/compute"),
        boot=report,
        steps=(StepTime(name="modules", seconds=1.5, cpu_seconds=1.0, reason="built core"),),
    )


def test_the_digest_and_the_size_of_an_image_are_those_of_its_root() -> None:
    data = to_data(demo_result(demo(None), Path("/b/repository")))
    assert data["image"] == {
        "name": "compute",
        "version": "12.0.3-67.cbdppkwfzz",
        "directory": "/b/images/compute",
        "sha256": DIGEST,
        "bytes": 60_000_000,
    }
    assert data["boot"] is None


def test_the_answer_has_the_form_that_programs_were_promised() -> None:
    data = json.loads(json.dumps(to_data(demo_result(demo(REPORT), Path("/b/repository")))))
    assert data.keys() == {"modules", "repository", "channel", "image", "boot", "steps"}
    module = data["modules"][0]
    assert (module["deb"], module["rpm"]) == ("/b/core.deb", "/b/core.rpm")
    assert module.keys() == {"name", "version", "deb", "rpm", "fragment_sha256", "fragment_bytes"}
    assert data["image"].keys() == {"name", "version", "directory", "sha256", "bytes"}
    assert data["boot"].keys() == {"multi_user_seconds", "failed_units", "tests"}
    assert data["boot"]["failed_units"] == ["munge.service"]
    assert data["steps"] == [{"name": "modules", "seconds": 1.5, "cpu_seconds": 1.0, "reason": "built core"}]


def test_the_answer_can_be_read() -> None:
    text = to_text(demo_result(demo(REPORT), Path("/b/repository")))
    assert "12.0.3-67.cbdppkwfzz" in text
    assert "/b/images/compute" in text
    assert "uncompressed bytes" in text
    assert "/b/console.log" in text
