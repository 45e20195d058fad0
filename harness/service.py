"""What a test or the demo has running for a while."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Service(ABC):
    """Runs from `start()` to `stop()`; as a context manager it is ready inside, and always stopped at the end."""

    @abstractmethod
    def start(self) -> None:
        """Start it."""

    def wait_ready(self) -> None:
        """Wait until it answers, for those that `start()` does not wait for; HarnessError if it does not."""
        return

    @abstractmethod
    def stop(self) -> None:
        """Stop it, also after a failed start."""

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
