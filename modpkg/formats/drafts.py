"""Documents with gaps: what is right of a document that has faults, so that its rules can still be asked.

A gap is never guessed. Who reads one meets an error that ends the rule that asked, and no other: a rule tells only what
is a fault whatever the gap should have been.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, get_origin

from modpkg.model.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys

D = TypeVar("D", bound=Document)
T = TypeVar("T")
GAP: Final = object()
# After the way of a key: the key itself is faulty, not its value.
KEY: Final = "[key]"


class UnknownError(TypeError):
    """A rule asked for a part of a document that is faulty itself.

    It is a TypeError as Python takes that, and no other, for a length that is not known, and goes through all items.
    """


class GappedTuple(tuple[Any, ...]):  # noqa: SLOT001 - Python gives a tuple no slots with values
    """The sound items of a list, `places` their indices in the document. What the gaps could change is unknown."""

    places: tuple[int, ...]

    def __contains__(self, item: object) -> bool:
        """Tell that an item is there; that it is not, nobody knows."""
        if super().__contains__(item):
            return True
        raise UnknownError

    def __len__(self) -> int:
        """Nobody knows."""
        raise UnknownError

    def __getitem__(self, index: Any) -> Any:
        """Nobody knows which one is meant."""
        raise UnknownError


class GappedDict(dict[str, Any]):
    """A mapping with all its keys, of which some have no value."""

    def __getitem__(self, key: str) -> Any:
        """Give a value that is sound."""
        value = super().__getitem__(key)
        if value is GAP:
            raise UnknownError
        return value

    def items(self) -> Any:
        """Give the sound pairs."""
        return [(key, value) for key, value in super().items() if value is not GAP]

    def values(self) -> Any:
        """Give the sound values."""
        return [value for _, value in self.items()]


def as_far_as_known(rule: Callable[..., Iterator[Problem]]) -> Callable[..., Iterator[Problem]]:
    """Let a rule end where it meets a gap; what it told before stands."""

    @wraps(rule)
    def guarded(*arguments: Any) -> Iterator[Problem]:
        try:
            yield from rule(*arguments)
        except UnknownError:
            return
        except AttributeError as error:
            # A faulty key is an attribute that the document does not have.
            if not isinstance(error.obj, Document):
                raise

    return guarded


def numbered(items: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Give the items of a list, each with its index in the document."""
    if isinstance(items, GappedTuple):
        return zip(items.places, items, strict=True)
    return enumerate(items)


def first_of_each(items: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Give what `numbered` does, and each word once: what is said of it need not be said again."""
    seen: set[str] = set()
    for index, word in numbered(items):
        if word not in seen:
            seen.add(word)
            yield index, word


def said_of(document: Document, field: str, otherwise: Any) -> Any:
    """Give a field of a document; `otherwise` where it is faulty as a whole."""
    return getattr(document, field) if field in vars(document) else otherwise


def is_gapped(items: Iterable[Any]) -> bool:
    """Tell whether a list has faulty items, or is faulty as a whole."""
    return isinstance(items, GappedTuple)


def unknown_list() -> tuple[Any, ...]:
    """Give what stands for a list that is faulty as a whole."""
    return _gapped(())


def column(documents: Iterable[Document], field: str) -> tuple[Any, ...]:
    """Give one field of all documents of a list; a document that does not have it is a gap."""
    found = [(index, getattr(one, field)) for index, one in numbered(documents) if field in one.__dict__]
    if isinstance(documents, GappedTuple) or len(found) != len(list(documents)):
        return _gapped(found)
    return tuple(value for _, value in found)


def draft_of(model: type[D], value: Any, faulty: Collection[Keys]) -> D | None:
    """Make a document of a parsed value with gaps at the `faulty` ways; None where the whole is no mapping.

    A key that is faulty itself is left out; its way ends in `KEY`.
    """
    return _document(model, value, (), frozenset(faulty)) if isinstance(value, dict) else None


def _document(model: type[D], value: dict[str, Any], way: Keys, faulty: frozenset[Keys]) -> D:
    known = {field.alias or name: (name, field.annotation) for name, field in model.model_fields.items()}
    parts = {
        key: _part(known[key][1], part, (*way, key), faulty) for key, part in value.items() if key in known
    }
    made = model.model_construct(None, **{key: part for key, part in parts.items() if part is not GAP})
    for key, part in parts.items():
        if part is GAP:
            # Its default is not what the writer meant.
            made.__dict__.pop(known[key][0], None)
    return cast("D", made)


def _part(kind: Any, value: Any, way: Keys, faulty: frozenset[Keys]) -> Any:
    document: type[Document] | None = next((one for one in _members(kind) if _is_document(one)), None)
    if document and isinstance(value, dict):
        return _document(document, value, way, faulty)
    if way in faulty:
        return GAP
    if isinstance(value, tuple):
        return _tuple(_inner(kind, tuple), value, way, faulty)
    if isinstance(value, dict):
        inner = _inner(kind, dict)
        return GappedDict(
            (key, _part(inner, part, (*way, key), faulty))
            for key, part in value.items()
            if (*way, key, KEY) not in faulty
        )
    return value


def _tuple(kind: Any, value: Sequence[Any], way: Keys, faulty: frozenset[Keys]) -> tuple[Any, ...]:
    parts = [_part(kind, part, (*way, index), faulty) for index, part in enumerate(value)]
    sound = [(index, part) for index, part in enumerate(parts) if part is not GAP]
    return tuple(parts) if len(sound) == len(parts) else _gapped(sound)


def _gapped(found: Iterable[tuple[int, Any]]) -> GappedTuple:
    pairs = list(found)
    made = GappedTuple(value for _, value in pairs)
    made.places = tuple(index for index, _ in pairs)
    return made


def _members(kind: Any) -> list[Any]:
    # The members of a union, free of Annotated.
    if get_origin(kind) in {tuple, dict} or not get_args(kind):
        return [kind]
    parts = get_args(kind)[:1] if hasattr(kind, "__metadata__") else get_args(kind)
    return [member for part in parts for member in _members(part)]


def _is_document(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Document)


def _inner(kind: Any, container: type) -> Any:
    # What the items of a list are, or the values of a mapping; None where it is no such thing.
    for one in _members(kind):
        if get_origin(one) is container:
            return get_args(one)[1 if container is dict else 0]
    return None
