"""What a request asks for. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_fluxions.viewer.errors import bad_request

# What Airflow 3's tab sends for a task that is not mapped.
NOT_MAPPED = "{MAP_INDEX}"
MAX_CHARACTERS = 1_000
# PostgreSQL's integer.
_MOST = 2**31 - 1


class Query:
    """The arguments of a request, each given once: so who authorises and who reads see the same one."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take the arguments in any order.

        :raises ViewerError: one is given twice, or is too long.
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

        :raises ViewerError: it is missing, and there is no default.
        """
        value = self._values.get(name) or default
        if value is None:
            raise bad_request(f"The argument {name!r} is missing.")
        return value

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int = _MOST) -> int:
        """Return a whole number.

        :raises ViewerError: it is none, out of bounds, or missing without a default.
        """
        text = self.text(name, None if default is None else str(default))
        # isdecimal() and int() take digits of any script.
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_MOST))):
            raise bad_request(f"The argument {name!r} must be a whole number, not {text[:50]!r}.")
        if not least <= int(text) <= most:
            raise bad_request(f"The argument {name!r} must be {least} to {most}, not {text}.")
        return int(text)

    def choice(self, name: str, default: str, allowed: Iterable[str]) -> str:
        """Return one of the allowed values.

        :raises ViewerError: it is none of them.
        """
        value, known = self.text(name, default), tuple(allowed)
        if value not in known:
            raise bad_request(f"The argument {name!r} must be one of {', '.join(known)}, not {value[:50]!r}.")
        return value

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the arguments whose names begin so, by the rest of the name; empty ones are left out."""
        return {name[len(prefix) :]: one for name, one in self._values.items() if name.startswith(prefix) and one}


@dataclass(frozen=True)
class TaskKey:
    """A task instance; ``map_index`` is -1 for one that is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @classmethod
    def of(cls, query: Query) -> TaskKey:
        """Read it from a request.

        :raises ViewerError: a part is missing or impossible.
        """
        is_mapped = query.text("map_index", NOT_MAPPED) != NOT_MAPPED
        index = query.number("map_index", least=-1) if is_mapped else -1
        return cls(query.text("dag_id"), query.text("run_id"), query.text("task_id"), index)
