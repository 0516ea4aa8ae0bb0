"""A checkout with a published, locked and built image, made by the commands, without programs."""

from pathlib import Path

import pytest

from modpkg.cli.commands.images import build_image, lock
from modpkg.cli.commands.modules import build_all, release_module
from modpkg.cli.commands.repositories import publish
from modpkg.cli.options import Session
from tests.support.checkout import Checkout, fix_tools
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import pen_signer, trust_pens
from tests.support.sessions import called, session_of


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Give a session in it."""
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    trust_pens(monkeypatch)
    fix_tools(monkeypatch)
    FakeWorker.installed(monkeypatch)
    checkout = Checkout.made(tmp_path)
    checkout.change("images/compute.yaml", '"6.1.0-1"', '"~6"')
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    stock(checkout.store, checkout.write_lock())
    session = session_of(checkout)
    called(release_module, session, "all", message="x")
    called(build_all, session, offline=True)
    called(publish, session, channel="testing")
    called(lock, session, "compute")
    called(build_image, session, "compute")
    return session
