"""The platform document: a distribution release that modules are built for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from modpkg.model.document import AbsolutePath, Account, Document, Glob, Line, Name, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

Architecture = Literal["amd64", "arm64"]
RPM_ARCHITECTURES: dict[Architecture, str] = {"amd64": "x86_64", "arm64": "aarch64"}
NOBODY: Final = 65534
FIRST_SUGGESTED: Final = 300
# Below 100 and 65534 the distribution itself gives fixed ids (Debian Policy 9.2.2).
DynamicId = Annotated[int, Field(ge=100, lt=NOBODY)]


class Source(Document):
    """One part of the archive. `mirror` is an alias; addresses come from the environment or the user."""

    mirror: Name
    suites: tuple[Word, ...] = Field(min_length=1)
    components: tuple[Word, ...] = Field(min_length=1)


class Squashfs(Document):
    """How fragments are compressed. It is a part of the platform, as the bits depend on it."""

    compression: Literal["zstd"] = "zstd"
    level: int = Field(ge=1, le=22)
    block_size: Literal[131072] = 131072


class Accounts(Document):
    """Names with fixed ids, for accounts to which a package would give the next free one."""

    users: dict[Account, DynamicId] = Field(default_factory=dict)
    groups: dict[Account, DynamicId] = Field(default_factory=dict)

    def free_ids(self) -> Iterator[int]:
        """Give ids that nobody has, to be suggested for new accounts."""
        taken = {*self.users.values(), *self.groups.values()}
        return (number for number in range(FIRST_SUGGESTED, NOBODY) if number not in taken)


class Platform(Document):
    """`recipes/platforms/<platform>.yaml`. `exclude` and `include` are globs that count for every module."""

    name: Name
    summary: Line
    package_manager: Literal["apt"]
    architecture: Architecture
    keyring: AbsolutePath
    sources: tuple[Source, ...] = Field(min_length=1)
    snapshots: Name | None = None
    squashfs: Squashfs
    accounts: Accounts = Accounts()
    exclude: tuple[Glob, ...] = ()
    include: tuple[Glob, ...] = ()

    @property
    def suite(self) -> str:
        """The release's main suite, such as bookworm."""
        return self.sources[0].suites[0]
