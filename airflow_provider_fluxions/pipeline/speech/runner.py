"""Doing the work of a speech transfer: at most so many renders at a time, until every text is settled."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsNotFoundError, FluxionsVoiceError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.voices import VoiceList
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_input_error, is_transient
from airflow_provider_fluxions.pipeline.progress import REPORT_SECONDS, Progress
from airflow_provider_fluxions.pipeline.records import State, count_states
from airflow_provider_fluxions.pipeline.speech.records import SpeechInput, SpeechUnit, records_of, units_of
from airflow_provider_fluxions.pipeline.speech.steps import PaidError, Rendered, SpeechSteps, Spoken
from airflow_provider_fluxions.speech.pieces import MAX_PIECE_CHARACTERS, Piece, cut_text

log = logging.getLogger(__name__)

# Files of long texts that are written at a time: each holds some pieces and parts of an upload, about 30 MB.
MAX_LONG_FILES = 2


@dataclass(frozen=True)
class _Step:
    """What a thread does, and what follows in the task's own.

    :param is_long_file: whether it writes the audio of a long text.
    """

    act: Callable[[], Any]
    done: Callable[[Any], None]
    is_long_file: bool = False


@dataclass
class _Work:
    """One unit in progress.

    :param sizes: of stored pieces in bytes, by reference; None until they were listed.
    :param running: steps in the pool.
    :param error: what its first failed step raised.
    """

    unit: SpeechUnit
    pieces: Sequence[Piece] = ()
    voice_id: str = ""
    sizes: dict[str, int] | None = None
    running: int = 0
    error: Exception | None = None
    ready: deque[_Step] = field(default_factory=deque)


class SpeechRunner:
    """Decides the next steps, in the task's own thread; `SpeechSteps` does them in the pool's threads.

    :param max_in_flight: maximum steps at a time, each with one render or one file being written.
    :param deadline: epoch seconds after which no step is started.
    :param voice: the task's own; if it does not exist, the task fails at once.
    """

    def __init__(
        self,
        steps: SpeechSteps,
        voices: VoiceList,
        inputs: Sequence[SpeechInput],
        max_in_flight: int,
        deadline: float,
        *,
        voice: str,
        clock: Clock | None = None,
    ) -> None:
        self._steps, self._voices, self._inputs = steps, voices, inputs
        self._max_in_flight, self._deadline = max_in_flight, deadline
        self._voice, self._clock = voice, clock or Clock()
        self._units = deque(units_of(inputs))
        self._open: deque[_Work] = deque()
        self._futures: dict[Future[Any], tuple[_Work, _Step]] = {}
        self._fatal: Exception | None = None

    def run(self) -> bool:
        """Return whether every text is settled; False if the deadline passed first.

        :raises FluxionsError: what concerns all texts, such as a refused API key. Renders in progress are kept first.
        """
        progress = Progress(count_states(records_of(self._inputs)), self._clock.now)
        with ThreadPoolExecutor(self._max_in_flight, thread_name_prefix="fluxions-speech") as pool:
            try:
                while self._fill(pool):
                    self._collect(REPORT_SECONDS)
                    if progress.is_due():
                        progress.report(count_states(records_of(self._inputs)))
            except BaseException:  # timeouts and kills of Airflow are not Exceptions
                self._drain()
                raise
        if self._fatal is not None:
            raise self._fatal
        return not self._open and not self._units

    def _drain(self) -> None:
        """Drop the steps that have not begun, wait for the others and keep what they made."""
        for future in self._futures:
            future.cancel()
        wait(self._futures)
        self._collect(0)

    # Filling the pool

    def _fill(self, pool: ThreadPoolExecutor) -> bool:
        """Start steps up to the maximum; return whether any is in progress."""
        while len(self._futures) < self._max_in_flight and self._may_start():
            found = next(((work, step) for work in self._open if (step := self._next(work)) is not None), None)
            if found is None:
                if not self._units:
                    break
                self._begin(self._units.popleft())
                continue
            work, step = found
            work.ready.popleft()
            work.running += 1
            self._futures[pool.submit(step.act)] = (work, step)
        return bool(self._futures)

    def _may_start(self) -> bool:
        return self._fatal is None and self._clock.now() < self._deadline

    def _next(self, work: _Work) -> _Step | None:
        """Return the next step of a unit that can begin now."""
        step = work.ready[0] if work.ready else None
        if step is None or not step.is_long_file:
            return step
        return step if sum(one.is_long_file for _, one in self._futures.values()) < MAX_LONG_FILES else None

    def _begin(self, unit: SpeechUnit) -> None:
        """Open a unit: cut its text, resolve its voice, and put its first step in line."""
        work = _Work(unit)
        self._open.append(work)
        try:
            if unit.first.base is not None:
                is_long = unit.first.characters > MAX_PIECE_CHARACTERS
                work.ready.append(_Step(partial(self._steps.convert, unit), partial(self._written, work), is_long))
                return
            work.pieces = cut_text(unit.first.text)
            work.voice_id = self._voices.resolve(unit.first.voice)
            self._start(work)
        except Exception as error:
            self._failed(work, error)
            self._settle(work)

    def _start(self, work: _Work) -> None:
        unit = work.unit
        for one in unit.inputs:
            one.pieces, one.record.attempts = len(work.pieces), one.record.attempts + 1
        if len(work.pieces) == 1:
            speak = partial(self._steps.speak, unit, work.pieces[0], work.voice_id)
            work.ready.append(_Step(speak, partial(self._written, work)))
        else:
            scan = partial(self._steps.pieces_of(unit).sizes, work.voice_id)
            work.ready.append(_Step(scan, partial(self._listed, work)))

    def _listed(self, work: _Work, sizes: Mapping[str, int]) -> None:
        """Put the renders of the missing pieces in line; equal pieces share one."""
        texts = self._steps.pieces_of(work.unit).texts(work.pieces, work.voice_id)
        work.sizes = {ref: sizes[ref] for ref in texts if ref in sizes}
        if work.sizes:
            log.info(
                "%s: %d of %d pieces were stored by an earlier try.",
                printable(work.unit.first.label), len(work.sizes), len(texts),
            )  # fmt: skip
        for ref, text in texts.items():
            if ref not in work.sizes:
                step = partial(self._steps.store_piece, work.unit, text, work.voice_id)
                work.ready.append(_Step(step, partial(self._stored, work, ref)))
        self._join_if_whole(work)

    def _stored(self, work: _Work, ref: str, result: tuple[Rendered, int]) -> None:
        rendered, size = result
        self._pay(work, rendered)
        assert work.sizes is not None  # noqa: S101  # pieces are rendered after the folder was listed
        work.sizes[ref] = size
        self._join_if_whole(work)

    def _join_if_whole(self, work: _Work) -> None:
        if work.ready or work.running > 1 or work.error is not None:
            return
        step = partial(self._steps.join, work.unit, work.pieces, work.sizes or {}, work.voice_id)
        work.ready.append(_Step(step, partial(self._written, work), is_long_file=True))

    # Results

    def _collect(self, timeout: float) -> None:
        done, _ = wait(self._futures, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in done:
            work, step = self._futures.pop(future)
            if future.cancelled():
                work.running -= 1
                continue
            error = future.exception()
            if error is None:
                step.done(future.result())
            elif isinstance(error, Exception):
                self._failed(work, error)
            else:
                raise error
            work.running -= 1
            self._settle(work)

    def _failed(self, work: _Work, error: Exception) -> None:
        """Note why a step failed. The other steps of its text that run are waited for, the others are dropped."""
        if isinstance(error, PaidError):
            self._pay(work, error.rendered)
            error = error.cause
        elif isinstance(error, FluxionsError):
            work.unit.first.renders += error.renders
            work.unit.first.renders_lost += error.renders_lost
        work.error = work.error or error
        work.ready.clear()
        if not _is_own_fault(error):
            self._fatal = self._fatal or error

    def _settle(self, work: _Work) -> None:
        """Close a unit of which nothing runs and nothing is in line."""
        if work.running or work.ready or work not in self._open:
            return
        error = work.error
        if isinstance(error, FluxionsNotFoundError) and self._restarts(work, error):
            return
        self._open.remove(work)
        error = work.error
        if error is None or not _is_own_fault(error):
            return
        if isinstance(error, FluxionsVoiceError) and work.unit.first.voice == self._voice:
            self._fatal = self._fatal or error
            return
        for one in work.unit.inputs:
            one.fail(failure_text(error), transient=is_transient(error))
        log.warning("%s failed: %s", printable(work.unit.first.label), printable(work.unit.first.record.error))

    def _restarts(self, work: _Work, error: FluxionsNotFoundError) -> bool:
        """Start a text again if a new checkpoint of its voice is served: a file has one checkpoint."""
        try:
            voice_id = self._voices.resolve_again(work.unit.first.voice, refused=work.voice_id)
        except FluxionsError as unknown:
            work.error = unknown
            return False
        if voice_id == work.voice_id:
            return False
        log.info("%s: the voice is now %s.", printable(work.unit.first.label), printable(voice_id))
        work.voice_id, work.error, work.sizes = voice_id, None, None
        self._start(work)
        return True

    def _pay(self, work: _Work, rendered: Rendered) -> None:
        first = work.unit.first
        first.renders += rendered.renders
        first.renders_lost += rendered.renders_lost
        first.paid_characters += rendered.characters
        first.paid_seconds += rendered.seconds

    def _written(self, work: _Work, spoken: Spoken) -> None:
        if spoken.rendered is not None:
            self._pay(work, spoken.rendered)
        for one in work.unit.inputs:
            one.record.state, one.voice_id, one.text = State.COMPLETED, spoken.voice_id, ""
            one.record.audio_seconds, one.record.written_at = round(spoken.audio_seconds, 3), self._clock.now()
        if len(work.pieces) > 1:
            step = partial(self._steps.pieces_of(work.unit).remove, work.unit.first.label)
            work.ready.append(_Step(step, lambda _: None))


def _is_own_fault(error: Exception) -> bool:
    """Return whether an error is about one text alone: 404 is about its voice, where other transfers have a path."""
    return isinstance(error, FluxionsNotFoundError) or is_input_error(error)
