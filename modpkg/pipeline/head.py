"""The head's files: planned as texts, written as a new generation, put in use by one rename.

A node that is booting keeps what it began with: images of kept generations stay, and never change.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, StepSkipped, ignore
from modpkg.host.files import locked, new_directory, remove_tree, sync_file_system, write_atomically
from modpkg.host.steps import step
from modpkg.model.image import SITE
from modpkg.model.node import HeadImage
from modpkg.node.dnsmasq import PROGRAMS
from modpkg.node.grants import Grants
from modpkg.node.head import HeadPlaces, Kept, head_files
from modpkg.node.uki import distinct, plan_ukis
from modpkg.pipeline.head_ukis import signing_pair, uki_salt, write_uki
from modpkg.pipeline.host_keys import make_keys, read_keys, served_keys, web_account, write_served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.image.uki import SigningPair
    from modpkg.model.grant import Grant
    from modpkg.model.image import ImageDirectory
    from modpkg.model.inventory import Nodes
    from modpkg.node.uki import HeadUki

IPXE: Final = Path("/usr/lib/ipxe")
KEPT: Final = 5
PLAIN: Final = re.compile(r"/[A-Za-z0-9/_.~+@-]*")
IMAGES_LIST: Final = "images"
UKIS_LIST: Final = "ukis"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPlan:
    """What the head should show. `generation` is made of all of it; `reason` is empty if it is in use already."""

    generation: str
    files: Mapping[str, str]
    keys: Mapping[str, str]
    programs: Mapping[str, bytes]
    images: Mapping[str, HeadImage]
    ukis: tuple[HeadUki, ...]
    signing: SigningPair | None
    sources: Mapping[str, Path]
    changed: tuple[str, ...]
    reason: str


def head_image(directory: Path, about: ImageDirectory) -> HeadImage:
    """Give an image directory as the head shows it: the name holds the digest of its contents."""
    digest = hashlib.sha256((directory / "image.json").read_bytes()).hexdigest()
    image = HeadImage(directory=f"{about.name}_{about.image.version}_{digest[:12]}", about=about)
    missing = [name for name in image.served if not (directory / name).is_file()]
    if missing:
        raise BadInputError(
            f"cannot serve the image {about.name!r}: it lacks {', '.join(missing)}",
            where=str(directory),
            hint=f"build it again: invoke build-image {about.name}",
        )
    return image


def plan_head(
    nodes: Nodes,
    sources: Mapping[str, tuple[Path, ImageDirectory]],
    *,
    root: Path,
    ipxe: Path = IPXE,
    grants: Mapping[str, Grant] | None = None,
    make: bool = True,
) -> HeadPlan:
    """Work out all files of the head in `root`. `sources` has the directory of each image that nodes name.

    `grants` to wipe are those that no boot has used, unless others are given.
    With `make`, ssh keys that the head has to keep for nodes are made if they are not there yet.
    """
    if not PLAIN.fullmatch(str(root)):
        what = "cannot write a configuration of nginx: the folder has signs that it would not understand"
        raise BadInputError(what, where=str(root), hint="work elsewhere: --work DIR")
    places = HeadPlaces(root)
    images = {name: head_image(*source) for name, source in sources.items()}
    ukis = plan_ukis(nodes, images, salt=uki_salt(nodes, images))
    kept = Kept(
        grants=Grants(places.grants).open() if grants is None else grants,
        keys=(make_keys if make else read_keys)(nodes, places.host_keys),
        account=web_account(),
    )
    files = head_files(nodes, images, ukis, root=root, kept=kept)
    files[IMAGES_LIST] = "".join(f"{image.directory}\n" for image in images.values())
    files[UKIS_LIST] = "".join(f"{uki.file}\n" for uki in distinct(ukis))
    programs = {name: _program(ipxe / name) for name in PROGRAMS}
    digest = hashlib.sha256(repr(sorted(files.items())).encode())
    digest.update(repr(sorted(programs.items())).encode())
    generation = digest.hexdigest()[:16]
    changed = _changed(places.current, files)
    in_use = current_generation(places) == generation
    damaged = [image.directory for image in images.values() if not _is_whole(places, image)]
    if not in_use:
        reason = f"{len(changed)} of {len(files)} files change"
    else:
        reason = f"files of {', '.join(damaged)} are damaged" if damaged else ""
    return HeadPlan(
        generation=generation,
        files=files,
        keys=served_keys(nodes, kept.keys),
        programs=programs,
        images=images,
        ukis=distinct(ukis),
        signing=signing_pair(nodes) if ukis else None,
        sources={name: source[0] for name, source in sources.items()},
        changed=changed,
        reason=reason,
    )


def current_generation(places: HeadPlaces) -> str:
    """Give the name of the generation in use; "" if there is none."""
    return places.current.readlink().name if places.current.is_symlink() else ""


def write_head(plan: HeadPlan, root: Path, *, sink: Sink = ignore) -> None:
    """Write what a plan says and put it in use; nothing is changed if it is in use already."""
    places = HeadPlaces(root)
    with locked(root / "lock", sink=sink):
        if not plan.reason:
            sink(StepSkipped("head", "it is in use already"))
            return
        with step("head", sink, reason=plan.reason):
            for name, image in plan.images.items():
                _take_image(plan.sources[name], places, image)
            for uki in plan.ukis:
                write_uki(uki, places, signing=plan.signing, sink=sink)
            with new_directory(places.generations / plan.generation) as scratch:
                _write_files(plan, scratch)
            places.run.mkdir(exist_ok=True)
            sync_file_system(root)
            _use(places, plan.generation)
            _forget(places)


def roll_back(root: Path, *, dry_run: bool, sink: Sink = ignore) -> tuple[str, str]:
    """Put the generation before the one in use in use again; give both names, the former one first."""
    places = HeadPlaces(root)
    with locked(root / "lock", sink=sink):
        current = current_generation(places)
        earlier = [name for name in history(places) if name != current]
        if not current or not earlier:
            raise ModpkgError(
                "cannot roll the head back: there is no earlier state of it",
                where=str(root),
                hint="`modpkg head` makes states; each one that differs is kept",
            )
        if not dry_run:
            _use(places, earlier[0])
        return current, earlier[0]


def history(places: HeadPlaces) -> list[str]:
    """Give the kept generations, the newest use first."""
    if not places.history.is_file():
        return []
    # Damaged lines name no generation.
    names = places.history.read_text(encoding="utf-8", errors="replace").split()
    return [name for name in names if (places.generations / name).is_dir()]


def _program(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        hint = "apt-get install ipxe"
        raise ModpkgError("cannot find the first program of nodes", where=str(path), hint=hint) from error


def _changed(current: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    if not current.is_dir():
        return tuple(sorted(files))
    return tuple(sorted(path for path, text in files.items() if _read(current / path) != text))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _is_whole(places: HeadPlaces, image: HeadImage) -> bool:
    # By sizes: nodes hold what they fetch against its digest.
    place, files = places.images / image.directory, image.about.files
    if not all((place / name).is_file() for name in image.served):
        return False
    return all((place / name).stat().st_size == files[name].size for name in image.served if name in files)


def _take_image(source: Path, places: HeadPlaces, image: HeadImage) -> None:
    if _is_whole(places, image):
        return
    with new_directory(places.images / image.directory) as scratch:
        for name in image.served:
            if name == SITE:
                # Only its owner may read the built one; the servers, as other users, give it to every node.
                shutil.copyfile(source / name, scratch / name)
                (scratch / name).chmod(0o644)
                continue
            try:
                # The bits of an image that is built again lie in new files: ours stay what they were.
                os.link(source / name, scratch / name, follow_symlinks=True)
            except OSError:
                shutil.copyfile(source / name, scratch / name)
    if not _is_whole(places, image):
        hint = f"build it again: invoke build-image {image.name}"
        raise ModpkgError(
            f"cannot serve {image.directory}: the image is damaged", where=str(source), hint=hint
        )


def _write_files(plan: HeadPlan, place: Path) -> None:
    for folder in ("boot", "disks", "node", "settings", "tftp"):
        (place / folder).mkdir()
    for path, text in plan.files.items():
        with open(f"{place}/{path}", "wb") as stream:  # noqa: PTH123 - a path object for each takes longer
            stream.write(text.encode())
    write_served(plan.keys, place)
    for name, data in plan.programs.items():
        (place / "tftp" / name).write_bytes(data)
    # Not those of this generation: a node that was told of another one is about to fetch it.
    (place / "tftp" / "uki").symlink_to("../../../uki")


def _use(places: HeadPlaces, generation: str) -> None:
    # The history first: a crash between the two leaves a generation that is known and not in use.
    others = [name for name in history(places) if name != generation]
    current = current_generation(places)
    if current in others:
        others.remove(current)
        others.insert(0, current)
    write_atomically(places.history, "".join(f"{name}\n" for name in [generation, *others]))
    link = places.root / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("generations") / generation)
    link.replace(places.current)


def _forget(places: HeadPlaces) -> None:
    kept = history(places)[:KEPT]
    folders = (
        (places.generations, set(kept)),
        (places.images, _named(places, kept, IMAGES_LIST)),
        (places.ukis, _named(places, kept, UKIS_LIST)),
    )
    for folder, names in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name in names:
                continue
            if path.is_dir():
                remove_tree(path)
            else:
                path.unlink()


def _named(places: HeadPlaces, kept: Sequence[str], file: str) -> set[str]:
    texts = (_read(places.generations / generation / file) or "" for generation in kept)
    return {name for text in texts for name in text.split()}
