"""The EFI programs of a head: what goes into all of them, and each one made once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.host.files import digest_file, temporary_directory
from modpkg.host.steps import step
from modpkg.image.uki import Parts, SigningPair, find_stub, make_uki
from modpkg.node.uki import UKI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.events import Sink
    from modpkg.model.inventory import Nodes
    from modpkg.model.node import HeadImage
    from modpkg.node.head import HeadPlaces
    from modpkg.node.uki import HeadUki


def uki_salt(nodes: Nodes, images: Mapping[str, HeadImage]) -> str:
    """Give a text that differs where the stub or the signing certificate does; "" where no node needs a program."""
    wanted = {node.settings.image or "" for node in nodes.nodes.values() if node.settings.boot == UKI}
    stubs = sorted({find_stub(images[name].about.image.architecture) for name in wanted})
    if not stubs:
        return ""
    pair = signing_pair(nodes)
    files = [*stubs, *([pair.certificate] if pair else [])]
    return hashlib.sha256("".join(digest_file(path) for path in files).encode()).hexdigest()


def signing_pair(nodes: Nodes) -> SigningPair | None:
    """Give the site's key and certificate, if the cluster has them; raises BadInputError if one is no file."""
    said = nodes.cluster.secure_boot
    if said is None:
        return None
    pair = SigningPair(key=Path(said.key), certificate=Path(said.certificate))
    pair.check()
    return pair


def write_uki(uki: HeadUki, places: HeadPlaces, *, signing: SigningPair | None, sink: Sink) -> None:
    """Make a program of the head's own copy of its image, unless it is there."""
    destination = places.ukis / uki.file
    if destination.is_file():
        return
    about, image = uki.image.about, places.images / uki.image.directory
    parts = Parts(
        name=about.name,
        version=about.image.version,
        architecture=about.image.architecture,
        kernel_release=about.kernel,
        command_line=uki.command_line,
        kernel=image / "vmlinuz",
        initrd=image / "initrd",
    )
    places.ukis.mkdir(exist_ok=True)
    with step(f"make {uki.file}", sink), temporary_directory(places.root) as work:
        make_uki(parts, destination, work=work, signing=signing, sink=sink)
        destination.chmod(0o644)
