from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.serve_by_nginx import render_nginx
from tests.support.repos import make_document

WWW = Path("/srv/modpkg/www")


def test_name_and_path_are_those_of_the_base_url() -> None:
    text = render_nginx(make_document("https://repo.example/a.b/modules"), WWW, listen="8080")
    assert "server_name repo.example;" in text
    assert "location /a.b/modules/ {" in text
    assert r'"~^/a\.b/modules/(?:pool/|' in text
    assert "alias /srv/modpkg/www/;" in text
    assert "listen 8080;" in text


def test_without_a_base_url_any_name_is_served() -> None:
    text = render_nginx(make_document(None), WWW, listen="127.0.0.1:80")
    assert "server_name _;" in text
    assert "location / {" in text


@pytest.mark.parametrize("www", ["/srv/my www", "/srv/a;b", "/srv/{x}", "/srv/$uri", '/srv/"'])
def test_a_directory_that_nginx_would_read_as_syntax_is_refused(www: str) -> None:
    with pytest.raises(BadInputError, match="the directory has signs"):
        render_nginx(make_document(None), Path(www), listen="80")


@pytest.mark.parametrize("listen", ["80; root /", "", "80 }"])
def test_an_address_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(BadInputError, match="the address to listen on has signs"):
        render_nginx(make_document(None), WWW, listen=listen)


def test_a_path_that_is_syntax_is_refused() -> None:
    with pytest.raises(BadInputError, match="the path of the base URL has signs"):
        render_nginx(make_document("https://repo.example/a;b"), WWW, listen="80")
