from pathlib import Path

from modpkg.image.identity import image_of
from modpkg.image.job import Assembled, AssembleJob, Layer, Ways
from modpkg.rootfs.generated.choose import Command
from modpkg.rootfs.generated.table import LDCONFIG
from tests.support.stack import make_module


def test_a_job_and_its_result_cross_as_json() -> None:
    core = make_module("core", paths={"usr/bin/ls": "file 0755 0 0 1 x"})
    job = AssembleJob(
        layers=(Layer(module=core, fragment=Path("/f/core"), tree=Path("/t/core")),),
        commands=(Command(name=LDCONFIG.name, argv=("/sbin/ldconfig", "-X")),),
        image=image_of([core]),
        level=15,
        block_size=131072,
        work=Path("/w"),
        layout="layered",
        ways=Ways(merge="recompress", verify="full"),
    )
    assert AssembleJob.model_validate_json(job.model_dump_json()) == job
    assert job.commands[0].generator is LDCONFIG
    result = Assembled(files={"initrd": Path("/w/initrd")}, kernel="6.1.0", layers=("00-core.squashfs",))
    assert Assembled.model_validate(result.model_dump(mode="json")) == result
