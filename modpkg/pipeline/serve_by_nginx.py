"""The configuration of nginx for a repository. Gives text: it neither installs nor starts a server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from modpkg.errors import BadInputError
from modpkg.model.hosting import ASK, FOR_EVER, IMMUTABLE, OTHER_TYPE, TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Repository

PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~+@-]*")
LISTEN: Final = re.compile(r"[A-Za-z0-9.:\[\]]+")
TEMPLATE: Final = """\
# Serves the repository {name}. Made by: modpkg show-nginx. Put it into /etc/nginx/conf.d/.
map $uri $modpkg_{word}_cache {{
    default "{ask}";
    "~^{prefix}/(?:{immutable})" "{for_ever}";
}}

server {{
    listen {listen};
    server_name {server};

    location {prefix}/ {{
        alias {www}/;
        limit_except GET {{ deny all; }}  # HEAD goes with GET
        autoindex off;
        gzip off;  # what is large is packed already, and its size is signed
        etag on;
        types {{
{types}
        }}
        default_type {other};
        add_header Cache-Control $modpkg_{word}_cache;
        add_header X-Content-Type-Options nosniff;
    }}
}}
"""


def render_nginx(document: Repository, www: Path, *, listen: str) -> str:
    """Give a server for the repository below `www`; its name and path are those of the document's base URL."""
    address = urlsplit(document.base_url or "")
    prefix = unquote(address.path).rstrip("/")
    place = str(www.absolute())
    for what, text, pattern in (
        ("path of the base URL", prefix, PLAIN),
        ("directory", place, PLAIN),
        ("address to listen on", listen, LISTEN),
    ):
        if not pattern.fullmatch(text):
            raise BadInputError(
                f"cannot write a configuration of nginx: the {what} has signs that it would not understand",
                where=text,
            )
    return TEMPLATE.format(
        name=document.name,
        word=document.name.replace("-", "_"),
        prefix=re.escape(prefix) if prefix else "",
        immutable=IMMUTABLE.replace("{64}", "+"),  # a brace would need quotes of its own
        ask=ASK,
        for_ever=FOR_EVER,
        listen=listen,
        server=address.hostname or "_",
        www=place,
        types="\n".join(_types()),
        other=OTHER_TYPE,
    ).replace(f"location {re.escape(prefix)}/", f"location {prefix}/")


def _types() -> list[str]:
    endings: dict[str, list[str]] = {}
    for ending, kind in TYPES.items():
        endings.setdefault(kind.partition(";")[0], []).append(ending.removeprefix("."))
    return [f"            {kind} {' '.join(names)};" for kind, names in endings.items()]
