"""The main job from end to end: lock, modules, packages, repository, image, a node that boots it.

It works in a copy of the recipes below the work directory, where it may renew the lock and release modules
when the archive moved on. The checkout is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, Warned
from modpkg.formats.catalogue import load_catalogue
from modpkg.formats.documents import load_repository
from modpkg.host.run import Stopwatch
from modpkg.node.boot import BootOptions, boot_image, require_healthy
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.demo_recipes import copy_recipes
from modpkg.pipeline.fetch_packages import GoneError
from modpkg.pipeline.lock_image import find_manifest, lock_image
from modpkg.pipeline.lock_platform import lock_platform
from modpkg.pipeline.make_image import make_image
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.publish import Published, Target
from modpkg.pipeline.publish_modules import publish_packages
from modpkg.pipeline.release_module import Wording, release_all, unreleased
from modpkg.pipeline.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.image import ImageDirectory
    from modpkg.model.lock import PlatformLock
    from modpkg.node.report import BootReport
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

IMAGE: Final = "compute"
CHANNEL: Final = "testing"
AUTHOR: Final = "modpkg demo <demo@example.org>"
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
    recipes = copy_recipes(order.recipes, order.workplace.demo_recipes)
    catalogue, lock = _prepare(order, recipes, sink)
    clock.lap("recipes and lock", "the demo works in its own copy")
    modules = _build(order, recipes, catalogue, lock, sink)
    clock.steps += [_module_time(built) for built in modules if built.was_built]
    clock.lap("modules", _reasons(modules))
    published = _publish(order, modules, sink)
    clock.lap("repository", f"snapshot {published.snapshot}")
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


def _prepare(order: DemoOrder, recipes: Path, sink: Sink) -> tuple[Catalogue, PlatformLock]:
    catalogue = load_catalogue(recipes)
    platform = find_manifest(catalogue, order.image)[1].platform
    lock = load_platform_lock(lock_path(recipes, platform), Wish.of(catalogue, platform))
    return _released(order, recipes, lock, sink), lock


def _released(order: DemoOrder, recipes: Path, lock: PlatformLock, sink: Sink) -> Catalogue:
    catalogue = load_catalogue(recipes)
    names = unreleased(catalogue, lock)
    if not names:
        return catalogue
    sink(
        Warned(
            f"{', '.join(names)}: released by the demo in {recipes}, as their inputs are not those of their changelogs"
        )
    )
    release_all(recipes, lock=lock, wording=Wording(message=MOVED, author=AUTHOR, now=order.now))
    return load_catalogue(recipes)


def _build(
    order: DemoOrder, recipes: Path, catalogue: Catalogue, lock: PlatformLock, sink: Sink
) -> list[BuiltModule]:
    manifest = find_manifest(catalogue, order.image)[1]
    names = [pin.name for pin in manifest.modules]
    platform = catalogue.platforms[manifest.platform]
    work = order.workplace.root

    def workshop(documents: Catalogue, packages: PlatformLock) -> Workshop:
        return Workshop(catalogue=documents, platform=platform, lock=packages, site=order.site, work=work)

    try:
        return build_modules(workshop(catalogue, lock), names, sink=sink)
    except GoneError as error:
        hint = "the committed lock stays as it is; invoke lock-platform renews it"
        sink(
            Warned(
                f"the archive moved on: {len(error.packages)} locked packages are gone, locking anew", hint
            )
        )
    wish = Wish.of(catalogue, platform.name)
    path, scratch = lock_path(recipes, platform.name), order.workplace.scratch("lock")
    renewed = lock_platform(wish, path, mirrors=order.site.mirrors, work=scratch, sink=sink).lock
    return build_modules(workshop(_released(order, recipes, renewed, sink), renewed), names, sink=sink)


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
    document = load_repository(order.repository)
    target = Target(repository=order.workplace.repository, document=document, channel=CHANNEL)
    packages = [path for built in modules for path in (built.deb, built.rpm)]
    return publish_packages(packages, target=target, home=order.workplace.gnupg, now=order.now, sink=sink)


def _image(order: DemoOrder, recipes: Path, sink: Sink) -> tuple[Path, ImageDirectory]:
    catalogue = load_catalogue(recipes)
    path, manifest = find_manifest(catalogue, order.image)
    places, architecture = order.workplace.places, catalogue.platforms[manifest.platform].architecture
    lock_image(path, manifest, places=places, architecture=architecture)
    store = order.site.store
    return make_image(catalogue, order.image, workplace=order.workplace, store=store, sink=sink)


def _boot(order: DemoOrder, directory: Path, image: ImageDirectory, sink: Sink) -> BootReport:
    report = boot_image(directory, options=BootOptions(), work=order.workplace.boot(order.image), sink=sink)
    require_healthy(report, image)
    return report
