"""A mirror with TLS: its certificate is checked."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run
from modpkg.store.failures import Download, FetchError
from modpkg.store.fetch import fetch
from modpkg.store.store import Store
from modpkg.store.transfer import Patience
from tests.support.web import Web, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.programs
CONTENT = b"secret\n" * 1000
ONCE = Patience(attempts=1)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "p").write_bytes(CONTENT)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    run(["openssl", "req", *options, *names, "-keyout", key, "-out", certificate])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(tmp_path / "www", tls=context) as server:
        yield server


def download(web: Web) -> Download:
    url = web.url.replace("http://127.0.0.1", "https://localhost") + "/p"
    return Download(urls=(url,), sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT), name="p")


def test_a_trusted_certificate_serves(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    store = Store(tmp_path / "store")
    fetch([download(web)], store, patience=ONCE)
    assert store.path(download(web).sha256).read_bytes() == CONTENT


def test_a_certificate_of_nobody_is_refused_without_naming_the_host(web: Web, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="self-signed certificate") as caught:
        fetch([download(web)], Store(tmp_path / "store"), patience=ONCE)
    assert "localhost" not in str(caught.value)
    assert web.requests == []
