"""Where the mirrors are that recipes know by alias: from the environment, the user, or the host's apt.

Addresses are private to a site: nothing here writes one to a file, and `hide` takes them out of messages.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

APT_DIRECTORY: Final = Path("/etc/apt")
ADDRESS: Final = re.compile(r"(https?://[^/\s]|file:///)\S*")
ONE_LINE: Final = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
PEER: Final = re.compile(r" ?\[IP: [^\]]*\]| \((?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """The mirrors of this site. What the environment says wins over the configuration, that over apt's."""

    environ: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    snapshots: Mapping[str, Sequence[str]] = field(default_factory=dict)
    apt_directory: Path = APT_DIRECTORY

    def base(self, alias: str) -> str:
        """Give the address of a mirror, without a slash at its end. Raises ModpkgError with the ways out."""
        variable = variable_name("MIRROR", alias)
        if named := self.environ.get(variable):
            return _checked(named, variable)
        if alias in self.configured:
            return self.configured[alias].rstrip("/")
        for uri, suites in _apt_sources(self.apt_directory):
            if _is_meant(alias, uri, suites):
                return uri.rstrip("/")
        raise ModpkgError(
            f"cannot find the mirror {alias!r}",
            hint=f"set {variable} to its address, or name it under `mirrors:` in "
            f"~/.config/modpkg/config.yaml, or give this machine an apt source whose address ends with "
            f"/{alias}",
        )

    def url(self, alias: str, path: str) -> str:
        """Give the address of a file of a mirror."""
        return f"{self.base(alias)}/{quoted(path)}"

    def snapshot_urls(self, alias: str, facts: Mapping[str, str]) -> tuple[str, ...]:
        """Give where a file that is gone may still be; `facts` fill the templates' placeholders.

        A template without placeholders is the address of a mirror's old state: `path` is put behind it.
        """
        variable = variable_name("SNAPSHOTS", alias)
        words = self.environ.get(variable, "").split()
        templates = [_checked(word, variable) for word in words] or self.snapshots.get(alias, ())
        return tuple(_filled(template, facts) for template in templates)


def variable_name(kind: str, alias: str) -> str:
    """Give the environment variable that says where an alias is, such as MODPKG_MIRROR_DEBIAN_SECURITY."""
    return f"MODPKG_{kind}_{alias.replace('-', '_').upper()}"


def quoted(path: str) -> str:
    """Make a path of the archive a part of an address, as apt does: a plain + would be a space to some."""
    return urllib.parse.quote(path, safe="/")


def hide(text: str, addresses: Mapping[str, str]) -> str:
    """Take the mirrors' addresses out of a text: aliases stand for them. `addresses` maps alias to base."""
    for alias, base in addresses.items():
        # Not plain replacement: the address of debian is the beginning of that of debian-security.
        text = re.sub(re.escape(base) + r"(?![A-Za-z0-9_.-])", f"{alias}:", text)
    for base in addresses.values():
        parts = urllib.parse.urlsplit(base)
        for name in (parts.netloc, parts.hostname):
            text = text.replace(name, "the mirror") if name else text
    return PEER.sub("", text)


def _checked(address: str, variable: str) -> str:
    if not ADDRESS.fullmatch(address):
        raise BadInputError(
            "cannot use this address: it must begin with http://, https:// or file:///", where=variable
        )
    return address.rstrip("/")


def _filled(template: str, facts: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[1] not in facts:
            raise BadInputError(
                f"cannot fill {found[0]} of a snapshots address",
                hint=f"these can be filled: {', '.join(f'{{{name}}}' for name in sorted(facts))}",
            )
        return quoted(facts[found[1]])

    if not PLACEHOLDER.search(template):
        return f"{template.rstrip('/')}/{quoted(facts['path'])}"
    return PLACEHOLDER.sub(fill, template)


def _is_meant(alias: str, uri: str, suites: Sequence[str]) -> bool:
    end = urllib.parse.urlsplit(uri).path.rstrip("/").rsplit("/", 1)[-1]
    if end == alias:
        return True
    # The original server of security has no such path. Ubuntu's suites are named alike.
    secure = any(suite.endswith("-security") for suite in suites)
    return alias == "debian-security" and secure and end != "ubuntu"


def _apt_sources(directory: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give address and suites of the host's apt sources that modpkg can use too, in apt's order."""
    more = sorted((directory / "sources.list.d").glob("*"))
    for path in (directory / "sources.list", *more):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found = {".list": _one_line_sources, ".sources": _stanza_sources}.get(path.suffix)
        for uri, suites in found(text) if found else ():
            yield from ((one, suites) for one in _plain(uri) if ADDRESS.fullmatch(one))


def _one_line_sources(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in text.splitlines():
        if found := ONE_LINE.match(line.strip()):
            yield found["uri"], (found["suite"],)


def _stanza_sources(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    from debian.deb822 import Deb822  # noqa: PLC0415 - slow to load, and most commands ask no mirror

    for stanza in Deb822.iter_paragraphs(text.splitlines(), use_apt_pkg=False):
        enabled = stanza.get("Enabled", "yes").strip().lower() in {"yes", "true", "on", "1"}
        if enabled and "deb" in stanza.get("Types", "").split():
            suites = tuple(stanza.get("Suites", "").split())
            yield from ((uri, suites) for uri in stanza.get("URIs", "").split())


def _plain(uri: str) -> Iterator[str]:
    # Cloud images name a file that lists mirrors: the first one is as good as any.
    scheme, _, rest = uri.partition(":")
    listing = Path(urllib.parse.urlsplit(f"file:{rest}").path)
    if scheme != "mirror+file":
        yield uri
    elif listing.is_file():
        words = listing.read_text(encoding="utf-8").split()
        yield from [word for word in words if ADDRESS.fullmatch(word)][:1]
