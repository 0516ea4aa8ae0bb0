"""From what recipes ask for to exact packages: apt itself resolves, module by module, from the lowest up.

Every module sees the packages of the modules below it as installed, so its share is only what it adds; all
come from one state of the archive, so equal names are equal versions. Nothing is downloaded or installed.
"""

from __future__ import annotations

import graphlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Progress, Sink, Warned, ignore
from modpkg.host import files
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.rootfs.apt_index import Index
from modpkg.rootfs.apt_root import AptRoot
from modpkg.rootfs.request import lock_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.host.mirrors import Mirrors
    from modpkg.model.platform import Platform
    from modpkg.rootfs.request import Request

ESSENTIAL: Final = "?essential"
# Else init-system-helpers takes its other alternative, usrmerge, and with it 49 MB of perl.
MERGED: Final = "usr-is-merged"
STEP: Final = "resolve"
SHOWN_NAMES: Final = 6

Share = dict[str, LockedPackage]


def resolve_platform(
    platform: Platform,
    requests: Sequence[Request],
    *,
    mirrors: Mirrors,
    work: Path,
    sink: Sink = ignore,
) -> PlatformLock:
    """Give for each module the packages that it adds to those below it, sorted by name.

    A module that lies on none is a base: it gets the essential packages too. `work` is a directory that may
    be used again. Raises ModpkgError when the archive cannot be read or trusted, BadInputError when it lacks
    a package or packages exclude each other.
    """
    _require_keyring(platform)
    directory = work / "apt" / platform.name
    with files.locked(directory / "lock", sink=sink):
        root = AptRoot.make(directory, platform, mirrors)
        root.update(sink=sink)
        index = Index.read(root.package_lists())
        _refuse_unknown(requests, index, platform=platform.name)
        shares = _shares(requests, root, index, sink=sink)
        tools = _tools(requests, shares, root, index)
    for warning in _shared_warnings(shares):
        sink(warning)
    return PlatformLock(
        platform=platform.name,
        architecture=platform.architecture,
        inputs=lock_inputs(platform, requests),
        modules=_sorted(shares),
        build=_sorted(tools),
    )


def below_closures(requests: Sequence[Request]) -> dict[str, frozenset[str]]:
    """Give all modules below each module, in an order in which every module follows those below it."""
    below = {
        request.module: sorted(request.below) for request in sorted(requests, key=lambda one: one.module)
    }
    closures: dict[str, frozenset[str]] = {}
    try:
        for module in graphlib.TopologicalSorter(below).static_order():
            direct = below[module]
            closures[module] = frozenset(direct).union(*(closures[lower] for lower in direct))
    except graphlib.CycleError as error:
        raise BadInputError(f"cannot order the modules: a circle: {' -> '.join(error.args[1])}") from error
    except KeyError as error:
        raise BadInputError(
            f"cannot find the module {error.args[0]!r} that another one depends on"
        ) from error
    return closures


def _require_keyring(platform: Platform) -> None:
    if not Path(platform.keyring).is_file():
        raise ModpkgError(
            f"cannot read the key ring of platform {platform.name!r}",
            where=platform.keyring,
            hint="apt-get install debian-archive-keyring",
        )


def _shares(requests: Sequence[Request], root: AptRoot, index: Index, *, sink: Sink) -> dict[str, Share]:
    wishes = {request.module: request.packages for request in requests}
    closures = below_closures(requests)
    shares: dict[str, Share] = {}
    for number, (module, below) in enumerate(closures.items()):
        sink(Progress(STEP, number, len(closures), "modules"))
        lower: Share = {}
        for name in sorted(below):
            lower |= shares[name]
        wanted = [*([] if below else _base_packages(index)), *sorted(wishes[module])]
        shares[module] = _share(module, wanted, lower=lower, root=root, index=index) if wanted else {}
    sink(Progress(STEP, len(closures), len(closures), "modules"))
    return shares


def _tools(
    requests: Sequence[Request], shares: Mapping[str, Share], root: AptRoot, index: Index
) -> dict[str, Share]:
    # What a build needs besides: over the module's own packages, and below nothing.
    closures = below_closures(requests)
    return {
        request.module: _share(
            request.module,
            sorted(request.build),
            lower={
                n: p for name in (*closures[request.module], request.module) for n, p in shares[name].items()
            },
            root=root,
            index=index,
        )
        for request in requests
        if request.build
    }


def _sorted(shares: Mapping[str, Share]) -> dict[str, tuple[LockedPackage, ...]]:
    return {module: tuple(share[name] for name in sorted(share)) for module, share in sorted(shares.items())}


def _share(module: str, wanted: Sequence[str], *, lower: Share, root: AptRoot, index: Index) -> Share:
    status = index.status(lower[name] for name in sorted(lower))
    chosen = root.choose(wanted, status=status, module=module)
    share = {package.name: package for package in (index.package(one.mirror, one.sha256) for one in chosen)}
    if changed := sorted(set(share) & set(lower)):
        raise ModpkgError(f"internal error: apt would change {', '.join(changed)} below module {module!r}")
    return share


def _base_packages(index: Index) -> list[str]:
    return [ESSENTIAL, *([MERGED] if MERGED in index.names else [])]


def _refuse_unknown(requests: Sequence[Request], index: Index, *, platform: str) -> None:
    lines = []
    for request in sorted(requests, key=lambda one: one.module):
        for name in (*request.packages, *request.build):
            if name not in index.names:
                hint = index.hint(name)
                lines.append(f"\n    {name!r} of module {request.module!r}{f': {hint}' if hint else ''}")
    if lines:
        count = "1 package" if len(lines) == 1 else f"{len(lines)} packages"
        raise BadInputError(f"cannot find {count} in the archive of platform {platform!r}:{''.join(lines)}")


def _shared_warnings(shares: Mapping[str, Share]) -> Iterator[Warned]:
    """Warn of packages in several modules: harmless, as they are equal, but their bytes are there twice."""
    owners: dict[str, list[str]] = {}
    for module, share in sorted(shares.items()):
        for name in share:
            owners.setdefault(name, []).append(module)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, modules in owners.items():
        if len(modules) > 1:
            groups.setdefault(tuple(modules), []).append(name)
    for together, names in sorted(groups.items()):
        size = sum(shares[together[0]][name].size for name in names)
        yield Warned(
            f"{_some(sorted(names))} ({size:,} bytes) will be in each of the modules {', '.join(together)}",
            hint="make a module of them that these depend on",
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"{', '.join(names[:SHOWN_NAMES])}{more}"
