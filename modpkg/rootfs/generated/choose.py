"""Which generated files a module holds, and which are made when modules come together. Looks at paths alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.model.document import Record
from modpkg.rootfs.generated.table import GENERATORS, named, of_interest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from modpkg.model.module import Module
    from modpkg.rootfs.generated.generator import Generator


class Command(Record):
    """One run of the generator of this name."""

    name: str
    argv: tuple[str, ...]

    @property
    def generator(self) -> Generator:
        """The generator, as the closed list has it."""
        return named(self.name)


def own(paths: Collection[str], below: Sequence[Module]) -> tuple[Generator, ...]:
    """Give the generators whose inputs are all in one module, the one with these paths, not in those below."""
    return tuple(
        generator
        for generator in GENERATORS
        if generator.alone != "never"
        and generator.reads(paths)
        and not any(generator.reads(module.paths) for module in below)
    )


def left_in(paths: Collection[str], below: Sequence[Module]) -> tuple[Generator, ...]:
    """Give the generators whose files a build leaves as the installation made them.

    A module that has no input of one has no business with its files: they are compared like all others.
    """
    alone = own(paths, below)
    return tuple(
        generator
        for generator in GENERATORS
        if generator.alone == "kept" and (generator in alone or not generator.reads(paths))
    )


def at_build(paths: Collection[str], below: Sequence[Module]) -> tuple[Command, ...]:
    """Give what is run at the end of a module's build."""
    everything = {*paths, *(path for module in below for path in module.paths)}
    wanted = (generator for generator in own(paths, below) if generator.alone == "anew")
    # The inputs are the module's own; the program may be one of a lower module.
    return tuple(_commands(wanted, everything))


def at_assembly(modules: Sequence[Module]) -> tuple[Command, ...]:
    """Give what is run over modules together: where inputs are in several, or where none could run it alone."""
    paths = {module.name: of_interest(module.paths) for module in modules}
    wanted = []
    for generator in GENERATORS:
        readers = [module for module in modules if generator.reads(paths[module.name])]
        if readers and not (len(readers) == 1 and _is_complete(generator, readers[0], paths)):
            wanted.append(generator)
    return tuple(_commands(wanted, {path for found in paths.values() for path in found}))


def _is_complete(generator: Generator, module: Module, paths: Mapping[str, Sequence[str]]) -> bool:
    if generator.alone == "never" or not any(map(generator.made, paths[module.name])):
        return False
    known = {module.name, *(lower.name for lower in module.depends)}
    return not any(generator.is_configured_by(found) for name, found in paths.items() if name not in known)


def _commands(generators: Collection[Generator] | Iterator[Generator], paths: set[str]) -> Iterator[Command]:
    ordered = sorted(paths)
    for generator in generators:
        yield from (Command(name=generator.name, argv=argv) for argv in generator.commands(ordered))
