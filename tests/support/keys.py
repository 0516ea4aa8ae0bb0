"""Keys for tests: made once for a process, at a fixed time, and lent out as copies of their home."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.openpgp.keys import make_key, public_key
from modpkg.openpgp.sign import Signer

if TYPE_CHECKING:
    from pathlib import Path

KEY_MADE = 1_600_000_000  # 2020-09-13: before any source date that a test uses


@dataclass(frozen=True, slots=True, kw_only=True)
class TestKey:
    """A signer and its public half, as clients have it."""

    __test__ = False

    signer: Signer
    public: Path

    def copy_to(self, home: Path) -> Signer:
        """Give the same key in a home of its own, so that tests do not wait for each other."""
        shutil.copytree(self.signer.home, home, ignore=shutil.ignore_patterns("S.*", ".modpkg.*"))
        home.chmod(0o700)
        return Signer(key=self.signer.key, home=home)


def make_test_key(directory: Path, name: str) -> TestKey:
    """Make a key below `directory`."""
    home = directory / name
    key = make_key(home, f"{name} <{name}@example.invalid>", created=KEY_MADE)
    public = directory / f"{name}.asc"
    public.write_text(public_key(home, fingerprint=key.fingerprint))
    return TestKey(signer=Signer(key=key, home=home), public=public)
