"""Signatures by gpg and rpmsign. Never by the clock: the time of a signature is given, so it repeats."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.events import Sink, ignore
from modpkg.host.run import run
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import Key, export, faked_time, gpg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key and the directory of gpg where its secret half lies."""

    key: Key
    home: Path

    @contextmanager
    def session(self, *, sink: Sink = ignore) -> Iterator[Session]:
        """Give the pen: gpg's agent runs as long as the block."""
        with opened(self.home, sink=sink) as path:
            yield Session(key=self.key, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open signer. `seconds` (since 1970) is the time of a signature, or the key's, whichever is later."""

    key: Key
    path: Path

    def clear(self, text: str, *, seconds: int) -> str:
        """Give the text with its signature around it, as InRelease has it."""
        return run([*self._gpg(seconds), "--output", "-", "--clearsign"], text=text).stdout

    def detached(self, text: str, *, seconds: int) -> str:
        """Give the signature of a text, ASCII-armored, as repomd.xml.asc has it."""
        return run([*self._gpg(seconds), "--armor", "--output", "-", "--detach-sign"], text=text).stdout

    def rpm(self, path: Path, *, seconds: int) -> None:
        """Sign an rpm in its header; its unsigned part stays the same. Rpmsign refuses a damaged package."""
        extra = " ".join(
            (*faked_time(self._moment(seconds)), "--batch", "--no-tty", "--digest-algo", "SHA256")
        )
        macros = {
            "__gpg": "/usr/bin/gpg",  # Debian's rpm asks for gpg2, which is not there
            "_gpg_name": f"{self.key.fingerprint}!",
            "_gpg_path": str(self.path),
            "_gpg_sign_cmd_extra_args": extra,
        }
        defined = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        run(["rpmsign", *defined, "--addsign", path])

    def public(self) -> str:
        """Give the public half of the key as ASCII-armored text, for clients."""
        return export(self.path, fingerprint=self.key.fingerprint)

    def _gpg(self, seconds: int) -> tuple[str, ...]:
        moment = faked_time(self._moment(seconds))
        user = ("--local-user", f"{self.key.fingerprint}!")
        return (*gpg(self.path), *moment, "--digest-algo", "SHA256", *user)

    def _moment(self, seconds: int) -> int:
        # gpg does not sign with a key that is not made yet.
        return max(seconds, self.key.created)
