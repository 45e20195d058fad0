"""The arguments of a request. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_fluxions.viewer.errors import bad_request

# Value of Airflow 3's tab for an unmapped task.
NOT_MAPPED = "{MAP_INDEX}"
MAX_CHARACTERS = 1_000
# Maximum of PostgreSQL's integer.
_MOST = 2**31 - 1


class Query:
    """The arguments of a request, each given once, so that the authorization and the reader use the same value."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Read the arguments in any order.

        :raises ViewerError: if one is given twice, or is too long.
        """
        self._values: dict[str, str] = {}
        for name, value in pairs:
            if name in self._values:
                raise bad_request(f"The argument {name[:50]!r} is given twice.")
            if len(value) > MAX_CHARACTERS:
                raise bad_request(f"The argument {name[:50]!r} is longer than {MAX_CHARACTERS:,} characters.")
            self._values[name] = value

    def text(self, name: str, default: str | None = None) -> str:
        """Return an argument.

        :raises ViewerError: if it is missing without a default.
        """
        value = self._values.get(name) or default
        if value is None:
            raise bad_request(f"The argument {name!r} is missing.")
        return value

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int = _MOST) -> int:
        """Return a whole number.

        :raises ViewerError: if it is invalid, out of range, or missing without a default.
        """
        text = self.text(name, None if default is None else str(default))
        # isdecimal() and int() accept digits of any script.
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_MOST))):
            raise bad_request(f"The argument {name!r} must be a whole number, not {text[:50]!r}.")
        if not least <= int(text) <= most:
            raise bad_request(f"The argument {name!r} must be {least} to {most}, not {text}.")
        return int(text)

    def choice(self, name: str, default: str, allowed: Iterable[str]) -> str:
        """Return one of the allowed values.

        :raises ViewerError: if it is another value.
        """
        value, known = self.text(name, default), tuple(allowed)
        if value not in known:
            raise bad_request(f"The argument {name!r} must be one of {', '.join(known)}, not {value[:50]!r}.")
        return value

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the arguments with this prefix, by the rest of the name, without empty ones."""
        return {name[len(prefix) :]: one for name, one in self._values.items() if name.startswith(prefix) and one}


@dataclass(frozen=True)
class TaskKey:
    """A task instance; ``map_index`` is -1 for an unmapped one."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @classmethod
    def of(cls, query: Query) -> TaskKey:
        """Read it from a request.

        :raises ViewerError: if a part is missing or invalid.
        """
        # Airflow 3 leaves its placeholder in the link of an unmapped task.
        is_mapped = query.text("map_index", NOT_MAPPED) != NOT_MAPPED
        index = query.number("map_index", least=-1) if is_mapped else -1
        return cls(query.text("dag_id"), query.text("run_id"), query.text("task_id"), index)
