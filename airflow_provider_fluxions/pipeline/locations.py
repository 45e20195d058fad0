"""Parse the URIs of recordings and results. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.storage import ObjectAddress, StoredObject


@dataclass(frozen=True)
class SourcePattern:
    """A source of recordings.

    :param address: The address as written, with wildcards.
    :param prefix: Prefix to list; the whole key for a single object.
    :param pattern: Pattern for whole keys; None selects every key below the prefix.
    :param root: The folder at which relative paths of outputs start.
    """

    address: ObjectAddress
    prefix: str
    pattern: re.Pattern[str] | None
    root: str

    @property
    def key(self) -> str:
        """The key as written, with wildcards."""
        return self.address.key

    @property
    def listed(self) -> ObjectAddress:
        """The address of the prefix to list."""
        return self.address.at(self.prefix)

    @property
    def may_be_one_object(self) -> bool:
        """Whether the URI can be that of a single object: no wildcard, and not a folder."""
        return self.pattern is None and bool(self.prefix) and not self.prefix.endswith("/")

    def accepts(self, found: StoredObject, suffixes: Sequence[str]) -> bool:
        """Return whether a listed object is an input: it matches, and its name has one of the extensions, in any case.

        An object with exactly this key is always selected, also if the key looks like a glob: ``take[1].mp3``.

        :param suffixes: Extensions in lower case.
        """
        return self.matches(found) and has_extension(found.key, suffixes)

    def matches(self, found: StoredObject) -> bool:
        """Return whether a listed object with any extension is below the URI, and not a folder's own entry."""
        if self.pattern is not None and found.key != self.key and not self.pattern.fullmatch(found.key):
            return False
        return not found.key.endswith("/")

    def contains(self, address: ObjectAddress) -> bool:
        """Return whether an object, listed or not, is below the URI and its whole key matches."""
        key = address.key
        if not self.listed.contains(address):
            return False
        return self.pattern is None or key == self.key or self.pattern.fullmatch(key) is not None

    def relative(self, key: str) -> str:
        """Return the key's path below the root."""
        return key.removeprefix(self.root)


def has_extension(key: str, suffixes: Sequence[str]) -> bool:
    """Return whether a name has one of these extensions, in any case.

    macOS keeps the attributes of ``call.mp3`` on foreign disks as ``._call.mp3``, which is not audio.
    """
    return key.lower().endswith(tuple(suffixes)) and not last_part(key).startswith("._")


def parse_source(uri: object) -> SourcePattern:
    """Return the source of a URI: a key, a prefix, or a glob.

    In a glob, ``*`` and ``?`` stay within one folder, ``**/`` crosses folders, and ``[abc]`` is one of the characters.

    :raises FluxionsInputError: if it is not the URI of an object, or the glob is invalid.
    """
    address = ObjectAddress.parse(uri)
    key = address.key
    # Stores list by prefix only, so the part before the first wildcard limits the listing.
    wild = re.search(r"[*?\[]", key)
    prefix = key[: wild.start()] if wild else key
    root = prefix[: prefix.rfind("/") + 1]
    return SourcePattern(address, prefix, _compiled(key) if wild else None, root)


def parse_sources(uris: object) -> tuple[SourcePattern, ...]:
    """Return the sources for one URI or a list of them, each once. An empty list is valid.

    :raises FluxionsInputError: if one of them is not the URI of an object.
    """
    if isinstance(uris, str):
        return (parse_source(uris),)
    if isinstance(uris, bytes | Mapping) or not isinstance(uris, Iterable):
        raise FluxionsInputError(f"source must be a URI of objects or a list of them, not {shown(uris)}.")
    return tuple(dict.fromkeys(map(parse_source, uris)))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(glob_to_regex(pattern), re.DOTALL)
    except re.error as error:
        raise FluxionsInputError(f"The glob {pattern!r} is invalid: {error}.") from error


def glob_to_regex(pattern: str) -> str:
    """Return the regular expression for a glob over whole keys."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part) or _literal_or_class(part) for part in parts)


def _literal_or_class(part: str) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        inside = part[1:-1].replace("\\", r"\\")
        # In a glob "!" negates a class. In a regular expression "^" does, which is an ordinary character here.
        return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]".replace("[^", r"[\^")
    return re.escape(part)


def parse_destination(uri: object) -> ObjectAddress:
    """Return the address of a prefix, whose key is empty or ends with a slash.

    :raises FluxionsInputError: if it is not the URI of an object.
    """
    address = ObjectAddress.parse(uri)
    return address if not address.key or address.key.endswith("/") else address.below("/")
