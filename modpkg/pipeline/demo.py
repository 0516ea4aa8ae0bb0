"""The main job from end to end: lock, modules, packages, repository, image, a node that boots it.

It works in a copy of the recipes below the work directory, where it may renew the lock and release modules
when the archive moved on. The checkout is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from modpkg.errors import DocumentError, Problem
from modpkg.events import Sink, Warned
from modpkg.formats.catalogue import load_catalogue
from modpkg.formats.documents import load_repository
from modpkg.host.run import Stopwatch
from modpkg.node.boot import BootOptions, boot_image, require_healthy
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.demo_recipes import copy_recipes
from modpkg.pipeline.describe_image import Pens
from modpkg.pipeline.fetch_packages import GoneError, fetch_packages
from modpkg.pipeline.image_lock import find_manifest
from modpkg.pipeline.lock_image import lock_image
from modpkg.pipeline.lock_platform import lock_platform
from modpkg.pipeline.make_image import Extras, make_image
from modpkg.pipeline.plan import plan_builds
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.publish_packages import publish_packages
from modpkg.pipeline.release_module import Wording, release_all, unreleased
from modpkg.pipeline.signing import existing_signer
from modpkg.pipeline.target import Target
from modpkg.pipeline.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.image import ImageDirectory
    from modpkg.model.lock import PlatformLock
    from modpkg.model.repository import Repository
    from modpkg.node.report import BootReport
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.publish import Published
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

IMAGE: Final = "compute"
CHANNEL: Final = "testing"
AUTHOR: Final = "modpkg demo <demo@example.org>"
SHORT_DIGEST: Final = 12
MOVED: Final = "Renewed for the packages the archive has now."


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    """What to do where: the checkout's recipes and repository document, the work directory, the site."""

    recipes: Path
    repository: Path
    workplace: Workplace
    site: Site
    now: int
    image: str = IMAGE
    boot: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """How long one step of the demo took, in seconds, and why it was done."""

    name: str
    seconds: float
    cpu_seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Everything the demo made."""

    modules: tuple[BuiltModule, ...]
    published: Published
    image: ImageDirectory
    directory: Path
    boot: BootReport | None
    steps: tuple[StepTime, ...]


@dataclass(slots=True)
class _Clock:
    """Collects the times of the steps."""

    steps: list[StepTime] = field(default_factory=list)
    watch: Stopwatch = field(default_factory=Stopwatch.started)

    def lap(self, name: str, reason: str) -> None:
        """End the step `name`; the next one begins."""
        self.steps.append(
            StepTime(name=name, seconds=self.watch.seconds, cpu_seconds=self.watch.cpu_seconds, reason=reason)
        )
        self.watch = Stopwatch.started()


def run_demo(order: DemoOrder, *, sink: Sink) -> Demo:
    """Do all of it; what was done before and has not changed is not done again."""
    clock = _Clock()
    _check_documents(order)
    recipes = copy_recipes(order.recipes, order.workplace.demo_recipes)
    workshop = _prepare(order, recipes, sink)
    clock.lap("recipes and lock", "the demo works in its own copy")
    modules = build_modules(workshop, _names(order, workshop.catalogue), sink=sink)
    clock.steps += [_module_time(built) for built in modules if built.was_built]
    clock.lap("modules", _reasons(modules))
    published = _publish(order, modules, sink)
    clock.lap("repository", f"snapshot {published.snapshot[:SHORT_DIGEST]}")
    directory, image = _image(order, recipes, sink)
    clock.lap("image", f"{order.image} {image.image.version}")
    report = _boot(order, directory, image, sink) if order.boot else None
    if report:
        clock.lap("boot", "to see a node run it")
    return Demo(
        modules=tuple(modules),
        published=published,
        image=image,
        directory=directory,
        boot=report,
        steps=tuple(clock.steps),
    )


def _check_documents(order: DemoOrder) -> None:
    # Recipes are checked when they are copied. A fault of the repository is told with theirs, before anything is made.
    try:
        load_repository(order.repository)
    except DocumentError as error:
        raise DocumentError([*error.problems, *_faults_of(order.recipes)]) from error


def _faults_of(recipes: Path) -> list[Problem]:
    try:
        load_catalogue(recipes)
    except DocumentError as error:
        return error.problems
    return []


def _prepare(order: DemoOrder, recipes: Path, sink: Sink) -> Workshop:
    catalogue = load_catalogue(recipes)
    platform = find_manifest(catalogue, order.image)[1].platform
    wish = Wish.of(catalogue, platform)
    path = lock_path(recipes, platform)
    workshop = _workshop(order, catalogue, load_platform_lock(path, wish))
    names = _names(order, catalogue)
    steps = plan_builds(workshop, names)
    if all(step.done and not step.marks for step in steps):
        return workshop
    lock = _available(order, workshop, wish, path, sink)
    return _workshop(order, _released(recipes, lock, order.now, sink), lock)


def _workshop(order: DemoOrder, catalogue: Catalogue, lock: PlatformLock) -> Workshop:
    platform = catalogue.platforms[lock.platform]
    return Workshop(
        catalogue=catalogue, platform=platform, lock=lock, site=order.site, work=order.workplace.root
    )


def _names(order: DemoOrder, catalogue: Catalogue) -> list[str]:
    return [pin.name for pin in find_manifest(catalogue, order.image)[1].modules]


def _available(order: DemoOrder, workshop: Workshop, wish: Wish, path: Path, sink: Sink) -> PlatformLock:
    # Before anything is released: a version is not to be spent on packages that are gone.
    lock, names = workshop.lock, _names(order, workshop.catalogue)
    try:
        fetch_packages(lock, names, platform=workshop.platform, site=order.site, sink=sink)
    except GoneError as error:
        hint = f"the committed lock stays as it is; {wish.renewal} renews it"
        sink(
            Warned(
                f"the archive moved on: {len(error.packages)} locked packages are gone, locking anew", hint
            )
        )
    else:
        return lock
    scratch = order.workplace.scratch("lock")
    return lock_platform(wish, path, mirrors=order.site.mirrors, work=scratch, sink=sink).lock


def _released(recipes: Path, lock: PlatformLock, now: int, sink: Sink) -> Catalogue:
    catalogue = load_catalogue(recipes)
    names = unreleased(catalogue, lock)
    if not names:
        return catalogue
    reason = "their inputs are not those of their changelogs"
    sink(Warned(f"{', '.join(names)}: released by the demo in {recipes}, as {reason}"))
    release_all(catalogue, lock=lock, wording=Wording(message=MOVED, author=AUTHOR, now=now))
    return load_catalogue(recipes)


def _module_time(built: BuiltModule) -> StepTime:
    return StepTime(
        name=f"build {built.module.name}",
        seconds=built.seconds,
        cpu_seconds=built.cpu_seconds,
        reason=built.reason,
    )


def _reasons(modules: list[BuiltModule]) -> str:
    new = [built.module.name for built in modules if built.was_built]
    return f"built {', '.join(new)}" if new else "nothing changed since they were built"


def _publish(order: DemoOrder, modules: list[BuiltModule], sink: Sink) -> Published:
    # Not the site's key nor its address: this repository is published nowhere.
    document = _document(order)
    target = Target(repository=order.workplace.repository, document=document, channel=CHANNEL)
    packages = [path for built in modules for path in (built.deb, built.rpm)]
    home = order.workplace.gnupg
    return publish_packages(packages, target=target, home=home, now=order.now, inputs={}, sink=sink)


def _document(order: DemoOrder) -> Repository:
    return replace(load_repository(order.repository), key=None, keys=(), base_url=None)


def _image(order: DemoOrder, recipes: Path, sink: Sink) -> tuple[Path, ImageDirectory]:
    catalogue = load_catalogue(recipes)
    path, manifest = find_manifest(catalogue, order.image)
    places, architecture = order.workplace.places, catalogue.platforms[manifest.platform].architecture
    lock_image(path, manifest, places=places, architecture=architecture)
    signer = existing_signer(_document(order), home=order.workplace.gnupg, sink=sink)
    return make_image(
        catalogue,
        order.image,
        workplace=order.workplace,
        store=order.site.store,
        sink=sink,
        extras=Extras(pens=Pens(sums=signer)),
    )


def _boot(order: DemoOrder, directory: Path, image: ImageDirectory, sink: Sink) -> BootReport:
    report = boot_image(directory, options=BootOptions(), work=order.workplace.boot(order.image), sink=sink)
    require_healthy(report, image)
    return report
