import json
from pathlib import Path

import pytest

from modpkg.cli.commands.images import boot_image, build_image, demo, lock, show_image
from modpkg.cli.commands.modules import build_all, release_module
from modpkg.cli.commands.repositories import publish
from modpkg.cli.options import Session
from modpkg.cli.render import to_data
from modpkg.cli.results.images import ImagePlanResult, ImageResult
from modpkg.errors import BadInputError, ModpkgError
from modpkg.node import boot
from modpkg.node.report import BootReport
from modpkg.pipeline.image_lock import lock_of
from tests.support.checkout import Checkout, fix_tools
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import pen_signer, trust_pens
from tests.support.sessions import called, session_of
from tests.support.site import write_site


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    trust_pens(monkeypatch)
    fix_tools(monkeypatch)
    return FakeWorker.installed(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout.made(tmp_path)
    checkout.change("images/compute.yaml", '"6.1.0-1"', '"~6"')
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    stock(checkout.store, checkout.write_lock())
    return checkout


@pytest.fixture
def session(checkout: Checkout, worker: FakeWorker) -> Session:
    """Give a session whose modules are published."""
    del worker
    session = session_of(checkout)
    called(release_module, session, "all", message="x")
    called(build_all, session, offline=True)
    called(publish, session, channel="testing")
    return session


@pytest.fixture
def built(session: Session) -> ImageResult:
    called(lock, session, "compute")
    result = called(build_image, session, "compute")
    assert isinstance(result, ImageResult)
    return result


def manifest(session: Session) -> Path:
    return session.recipes / "images/compute.yaml"


def test_an_image_is_locked(session: Session) -> None:
    result = called(lock, session, "compute")
    assert result.modules == {"core": "12.0.3-1", "kernel": "6.1.0-1", "slurm": "22.5.8-3"}
    assert result.lock == lock_of(manifest(session))
    assert result.lock.is_file()


def test_a_dry_run_of_a_lock_writes_nothing(session: Session) -> None:
    assert len(called(lock, session, "compute", dry_run=True).changes) == 3
    assert not lock_of(manifest(session)).exists()


def test_an_image_is_built_from_its_lock(session: Session, built: ImageResult) -> None:
    assert built.directory.parent == session.work / "images"
    assert [one.name for one in built.modules] == ["core", "kernel", "slurm"]
    assert {one.file for one in built.files} >= {"vmlinuz", "initrd", "root.squashfs"}


def test_who_has_no_repository_document_builds_images_that_are_not_signed(session: Session) -> None:
    called(lock, session, "compute")
    session.repository.unlink()
    result = called(build_image, session, "compute")
    assert "SHA256SUMS.gpg" not in {path.name for path in result.directory.iterdir()}


def test_a_dry_run_of_a_build_tells_whether_and_why(session: Session) -> None:
    called(lock, session, "compute")
    plan = called(build_image, session, "compute", dry_run=True)
    assert isinstance(plan, ImagePlanResult)
    assert (plan.build, plan.reason) == (True, f"there is no {plan.directory.name}")
    assert not plan.directory.exists()
    called(build_image, session, "compute")
    again = called(build_image, session, "compute", dry_run=True)
    assert (again.build, again.reason) == (False, "it is built already")


def test_an_image_is_shown_by_name_and_by_path(session: Session, built: ImageResult) -> None:
    assert called(show_image, session, "compute") == built
    assert called(show_image, session, str(built.directory)) == built


@pytest.mark.parametrize("command", [lock, build_image])
def test_an_image_that_is_not_there(session: Session, command: object) -> None:
    with pytest.raises(BadInputError, match="did you mean 'compute'"):
        called(command, session, "comptue")  # type: ignore[arg-type]


def report(console: Path, **changes: object) -> BootReport:
    known = {
        "multi_user_seconds": 20.0,
        "failed_units": (),
        "tests": (),
        "timeline": ((1.0, "kernel"),),
        "console": console,
        "memory_mb": 300,
        "audit": "",
        "startup": "",
    }
    return BootReport(**{**known, **changes})  # type: ignore[arg-type]


def test_a_boot_gets_the_machine_that_was_asked_for(
    session: Session, built: ImageResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Path, boot.BootOptions, Path]] = []

    def start(directory: Path, *, options: boot.BootOptions, work: Path, sink: object) -> BootReport:
        del sink
        seen.append((directory, options, work))
        return report(work / "console.log")

    monkeypatch.setattr(boot, "boot_image", start)
    result = called(boot_image, session, "compute", memory_mb=4096, cpus=3, timeout=60, accel="kvm")
    ((directory, options, work),) = seen
    assert directory == built.directory
    assert options == boot.BootOptions(memory_mb=4096, cpus=3, timeout_seconds=60, accel="kvm")
    assert work == session.work / "boot" / built.directory.name
    assert (result.image, result.version, result.multi_user_seconds) == ("compute", built.version, 20.0)


def test_a_node_that_is_not_well_is_an_error(
    session: Session, built: ImageResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del built
    console = tmp_path / "console.log"
    console.write_text("login:\n")
    monkeypatch.setattr(boot, "boot_image", lambda *_, **__: report(console, audit="broken packages"))
    with pytest.raises(ModpkgError, match="dpkg --audit says"):
        called(boot_image, session, "compute")


def test_an_image_that_was_never_built_cannot_be_booted(session: Session) -> None:
    with pytest.raises(BadInputError, match="invoke build-image compute"):
        called(boot_image, session, "compute")


def test_the_demo_answers_all_that_it_made(checkout: Checkout, worker: FakeWorker) -> None:
    result = called(demo, session_of(checkout), boot=False, offline=True)
    data = json.loads(json.dumps(to_data(result)))
    assert worker.built == [one["name"] for one in data["modules"]] == ["core", "kernel", "slurm"]
    keys = {"name", "version", "deb", "rpm", "fragment_sha256", "fragment_bytes"}
    assert all(keys <= one.keys() for one in data["modules"])
    assert data["image"].keys() == {"name", "version", "directory", "sha256", "bytes"}
    assert (data["channel"], data["boot"]) == ("testing", None)
    assert data["repository"] == str(checkout.root / "build/demo/repository")
    assert all(one.keys() == {"name", "seconds", "cpu_seconds", "reason"} for one in data["steps"])


@pytest.mark.parametrize("given", ["uki_key", "uki_certificate"])
def test_a_key_without_its_certificate_signs_nothing(session: Session, tmp_path: Path, given: str) -> None:
    with pytest.raises(BadInputError, match="with one of key and certificate alone"):
        called(build_image, session, "compute", **{given: str(tmp_path / "x")})


def test_a_key_that_is_no_file_is_told_before_anything_is_built(session: Session, tmp_path: Path) -> None:
    called(lock, session, "compute")
    missing = {"uki_key": str(tmp_path / "k"), "uki_certificate": str(tmp_path / "c")}
    with pytest.raises(BadInputError, match="there is no such file"):
        called(build_image, session, "compute", **missing)
    assert not (session.work / "images").exists()


def test_a_site_is_told_with_the_plan_and_the_image(session: Session, checkout: Checkout) -> None:
    called(lock, session, "compute")
    write_site(checkout.recipes, {"common/etc/motd": "x"})
    plan = called(build_image, session, "compute", dry_run=True)
    assert plan.directory.name.endswith(f"_site-{plan.site}")
    assert called(build_image, session, "compute").site == plan.site
