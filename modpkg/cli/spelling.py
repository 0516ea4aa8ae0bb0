"""Ways to write a command line that invoke's parser has no form for. Pure: words in, words out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

HELP: Final = "--help"
# Commands with an argument that may be left out, and the option that it stands for: invoke knows no such arguments.
OPTIONAL: Final[Mapping[str, str]] = {"verify-repository": "--place"}


def spelled_out(words: Sequence[str], commands: Container[str]) -> list[str]:
    """Give the words of a command line as invoke reads them.

    `lock --help` becomes `--help lock`: invoke would take the word for the command's first argument.
    `chroot create` becomes `chroot-create`, and `verify-repository URL` gets the option that the address is for.
    """
    joined = _joined(words, commands)
    if HELP in joined:
        named = [word for word in joined[: joined.index(HELP)] if word in commands]
        if named:
            return [HELP, named[-1]]
    return _with_options(joined)


def _joined(words: Sequence[str], commands: Container[str]) -> list[str]:
    given: list[str] = []
    for word in words:
        # A command of one word is never taken apart: only what is no command by itself begins one of two.
        if given and given[-1] not in commands and f"{given[-1]}-{word}" in commands:
            given[-1] = f"{given[-1]}-{word}"
        else:
            given.append(word)
    return given


def _with_options(words: Sequence[str]) -> list[str]:
    given: list[str] = []
    for word in words:
        if given and given[-1] in OPTIONAL and not word.startswith("-"):
            given.append(OPTIONAL[given[-1]])
        given.append(word)
    return given
