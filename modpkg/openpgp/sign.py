"""Signatures by gpg and rpmsign. Never by the clock: the time of a signature is given, so it repeats."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.events import Sink, ignore
from modpkg.host.run import run
from modpkg.host.tools import require
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import GPG, Key, export, faked_time, gpg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key and the directory of gpg where its secret half lies.

    `others` sign the indices too, not the packages. `program` is gpg or what takes its place.
    """

    key: Key
    home: Path
    others: tuple[Key, ...] = ()
    program: str = GPG

    @contextmanager
    def session(self, *, sink: Sink = ignore) -> Iterator[Session]:
        """Give the pen: gpg's agent runs as long as the block."""
        with opened(self.home, sink=sink) as path:
            yield Session(key=self.key, path=path, others=self.others, program=self.program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open signer. `seconds` (since 1970) is the time of a signature, or the key's, whichever is later."""

    key: Key
    path: Path
    others: tuple[Key, ...] = ()
    program: str = GPG

    def clear(self, text: str, *, seconds: int) -> str:
        """Give the text with its signature around it, as InRelease has it."""
        return run([*self._gpg(seconds), "--output", "-", "--clearsign"], text=text).stdout

    def detached(self, text: str, *, seconds: int) -> str:
        """Give the signature of a text, ASCII-armored, as repomd.xml.asc has it."""
        return run([*self._gpg(seconds), "--armor", "--output", "-", "--detach-sign"], text=text).stdout

    def rpm(self, path: Path, *, seconds: int) -> None:
        """Sign an rpm in its header; its unsigned part stays the same. Rpmsign refuses a damaged package."""
        # Not a moment of another key: packages are the same whichever keys sign the indices.
        extra = " ".join(
            (*faked_time(max(seconds, self.key.created)), "--batch", "--no-tty", "--digest-algo", "SHA256")
        )
        macros = {
            "__gpg": require(self.program),  # Debian's rpm asks for gpg2, which is not there
            "_gpg_name": f"{self.key.fingerprint}!",
            "_gpg_path": str(self.path),
            "_gpg_sign_cmd_extra_args": extra,
        }
        defined = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        run(["rpmsign", *defined, "--addsign", path])

    def public(self) -> str:
        """Give the public halves of all keys as ASCII-armored text, for clients."""
        return export(self.path, *(key.fingerprint for key in self._keys), program=self.program)

    @property
    def _keys(self) -> tuple[Key, ...]:
        return (self.key, *self.others)

    def _gpg(self, seconds: int) -> tuple[str, ...]:
        moment = faked_time(self._moment(seconds))
        users = [word for key in self._keys for word in ("--local-user", f"{key.fingerprint}!")]
        return (*gpg(self.path, self.program), *moment, "--digest-algo", "SHA256", *users)

    def _moment(self, seconds: int) -> int:
        # gpg does not sign with a key that is not made yet.
        return max(seconds, *(key.created for key in self._keys))
