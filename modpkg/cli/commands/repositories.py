"""Commands for release engineers: publish modules, look at what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.modules import open_shop
from modpkg.cli.repository import described, remember

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.cli.options import Session
    from modpkg.cli.results.repositories import (
        ChannelResult,
        KeyResult,
        PublicationResult,
        UploadResult,
        VerificationResult,
    )
    from modpkg.pipeline.keep_inputs import Inputs


@command(
    name="publish",
    helps={
        "channel": "Channel to publish to, such as testing.",
        "platform": "Platform whose modules to publish.",
        "module": "Publish this module and those it stands on. Default: all of the platform.",
        "packages": "Folder whose .deb and .rpm files to publish instead of what the recipes make.",
        "dry_run": "Tell what would be published and change nothing.",
    },
)
def publish(
    session: Session,
    *,
    channel: str,
    platform: str = "bookworm",
    module: str | None = None,
    packages: str | None = None,
    dry_run: bool = False,
) -> PublicationResult:
    """Add built modules to a signed apt and yum repository, for all clients at one moment.

    Example: modpkg publish --channel testing
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.repositories import planned_publication, publication_result
    from modpkg.pipeline.publish import plan
    from modpkg.pipeline.publish_packages import publish_packages
    from modpkg.pipeline.target import Target
    from modpkg.pipeline.workplace import Workplace

    workplace, document = Workplace(session.work), described(session)
    target = Target(repository=workplace.repository, document=document, channel=channel)
    target.check()
    inputs: Inputs | None
    if packages is None:
        found, inputs = _built(session, platform, module, keeps=document.keep_inputs and not dry_run)
    else:
        found, inputs = _given(packages, module, keeps=document.keep_inputs), None
    moment = now(session.environ)
    if dry_run:
        planned = plan(found, target=target, now=moment)
        return planned_publication(planned, workplace.repository)
    home = workplace.signing_home(session.environ)
    published = publish_packages(
        found, target=target, home=home, now=moment, inputs=inputs, sink=session.sink
    )
    remember(session)
    return publication_result(published, workplace.repository)


def _built(
    session: Session, platform: str, module: str | None, *, keeps: bool
) -> tuple[Sequence[Path], Inputs]:
    from modpkg.pipeline.publish_modules import inputs_of, packages_of

    workshop = open_shop(session, platform, fast=False, offline=not keeps)
    packages = packages_of(workshop, module, sink=session.sink)
    return packages, inputs_of(workshop, packages, sink=session.sink) if keeps else {}


def _given(folder: str, module: str | None, *, keeps: bool) -> Sequence[Path]:
    from pathlib import Path

    from modpkg.errors import BadInputError
    from modpkg.pipeline.pairs import packages_in

    if module is not None:
        raise BadInputError("cannot publish both a folder and a module", hint="leave --module out")
    if keeps:
        raise BadInputError(
            "cannot publish a folder: the repository keeps inputs, and packages do not bring theirs",
            hint="publish where the modules were built, or take keep-inputs out of repository.yaml",
        )
    return packages_in(Path(folder))


@command(
    name="publish-clients",
    helps={
        "channel": "Channel to publish to.",
        "enable": "Channel that clients take. Default: the last one of repository.yaml.",
        "dry_run": "Tell what would be published and change nothing.",
    },
)
def publish_clients(
    session: Session, *, channel: str, enable: str | None = None, dry_run: bool = False
) -> PublicationResult:
    """Publish the packages that set up clients: the keys of the repository and its channels.

    Example: modpkg publish-clients --channel stable
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.repositories import planned_publication, publication_result
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline import client_packages
    from modpkg.pipeline.signing import find_signer
    from modpkg.pipeline.target import Target
    from modpkg.pipeline.workplace import Workplace

    workplace, document = Workplace(session.work), load_repository(session.repository)
    target = Target(repository=workplace.repository, document=document, channel=channel)
    target.check()
    home, moment = workplace.signing_home(session.environ), now(session.environ)
    if dry_run:
        planned = client_packages.plan_clients(target, enabled=enable, home=home, now=moment)
        return planned_publication(planned, workplace.repository)
    published = client_packages.publish_clients(
        target,
        enabled=enable,
        signer=find_signer(document, home=home, sink=session.sink),
        directory=workplace.clients,
        now=moment,
        sink=session.sink,
    )
    return publication_result(published, workplace.repository)


@command(name="show-repository", helps={"channel": "Channel to show. Default: all."})
def show_repository(session: Session, *, channel: str | None = None) -> list[ChannelResult]:
    """Show the channels of the repository: snapshot, date, modules with their versions.

    Example: modpkg show-repository --channel testing
    """
    from modpkg.cli.results.repositories import channel_result
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.show_repository import show_channels
    from modpkg.pipeline.workplace import Workplace

    document = load_repository(session.repository)
    channels = show_channels(Workplace(session.work).repository, document, channel=channel)
    return [channel_result(name, shown) for name, shown in channels.items()]


@command(
    name="verify-repository",
    helps={
        "place": "Directory or http address of the repository. Default: the one below the work folder.",
        "channel": "Channel to verify. Default: all of repository.yaml.",
        "keyring": "Public keys to trust, ASCII-armored. Default: those that sign this repository.",
        "expect": "Oldest date to accept, such as 2026-11-22, or the snapshot to find, by its whole name.",
        "quick": "Leave out the content of packages: only indices, sizes and signatures.",
    },
)
def verify_repository(
    session: Session,
    *,
    place: str | None = None,
    channel: str | None = None,
    keyring: str | None = None,
    expect: str | None = None,
    quick: bool = False,
) -> VerificationResult:
    """Check a published repository as clients would and more closely; tell every fault at once.

    Example: modpkg verify-repository https://repository.example.org/modpkg
    """
    import re
    from pathlib import Path

    from modpkg.cli.clock import clock, moment_of
    from modpkg.cli.results.repositories import verification_result
    from modpkg.formats.documents import load_repository
    from modpkg.model.patterns import SHA256_PATTERN
    from modpkg.pipeline.verify_repository import Wish, verify_repository
    from modpkg.pipeline.verify_site import addresses_of, published_origin, trusted_keys
    from modpkg.pipeline.workplace import Workplace

    document, workplace = load_repository(session.repository), Workplace(session.work)
    origin = published_origin(place, workplace.repository)
    snapshot = expect if expect and re.fullmatch(SHA256_PATTERN, expect) else None
    with trusted_keys(
        document,
        named=Path(keyring) if keyring else None,
        home=workplace.signing_home(session.environ),
        places=workplace.places,
        sink=session.sink,
    ) as keys:
        wish = Wish(
            origin=origin,
            keyring=keys,
            channels=(channel,) if channel else document.channels,
            now=clock(),
            since=moment_of(expect) if expect and not snapshot else None,
            snapshot=snapshot,
            addresses=addresses_of(origin, document),
            depth="quick" if quick else "full",
        )
        return verification_result(verify_repository(wish, sink=session.sink))


@command(
    name="import-key",
    helps={
        "file": "Exported secret key, ASCII-armored.",
        "dry_run": "Tell which key it is and take nothing.",
    },
)
def import_key(session: Session, file: str, *, dry_run: bool = False) -> KeyResult:
    """Take the key that signs repositories from a file into the signing directory of gpg.

    Example: modpkg import-key release-key.asc
    """
    import tempfile
    from pathlib import Path

    from modpkg.cli.results.repositories import key_result
    from modpkg.pipeline.signing import import_signing_key
    from modpkg.pipeline.workplace import Workplace

    home = Workplace(session.work).signing_home(session.environ)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
            return key_result(import_signing_key(Path(file), home=Path(scratch)), home)
    return key_result(import_signing_key(Path(file), home=home), home)


@command(
    name="show-nginx",
    helps={"listen": "Port, or address and port, that nginx listens on."},
)
def show_nginx(session: Session, *, listen: str = "80") -> str:
    """Show a configuration of nginx that serves the repository, with the headers that its files need.

    Example: modpkg show-nginx --listen 8080
    """
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.serve_by_nginx import render_nginx
    from modpkg.pipeline.workplace import Workplace

    www = Workplace(session.work).places.www
    return render_nginx(load_repository(session.repository), www, listen=listen)


@command(
    name="upload",
    helps={
        "to": "Bucket and prefix, s3://BUCKET/PREFIX. Credentials come from AWS_* variables.",
        "endpoint": "Address of the object store. Default: $AWS_ENDPOINT_URL, else that of the region.",
        "dry_run": "Tell what would be sent and send nothing.",
    },
)
def upload(session: Session, *, to: str, endpoint: str | None = None, dry_run: bool = False) -> UploadResult:
    """Send the published repository to an S3-compatible object store; nothing is removed there.

    Example: modpkg upload --to s3://packages/modpkg
    """
    from modpkg.cli.results.repositories import upload_result
    from modpkg.errors import ModpkgError
    from modpkg.pipeline import upload as pipeline
    from modpkg.pipeline.workplace import Workplace

    try:
        from modpkg.store.bucket import open_bucket
    except ImportError as error:
        raise ModpkgError(
            f"cannot upload: {error}", hint="install what it needs: pip install 'modpkg[s3]'"
        ) from error

    bucket, places = (
        open_bucket(to, environ=session.environ, endpoint=endpoint),
        Workplace(session.work).places,
    )
    if dry_run:
        return upload_result(pipeline.plan_upload(places, bucket))
    return upload_result(pipeline.upload(places, bucket, sink=session.sink))
