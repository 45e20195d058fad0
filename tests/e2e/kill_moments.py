"""The moments at which a task is killed: how each is arranged, seen and let go."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_fluxions.emulator.faults import Fault
from harness.processes import HarnessError, wait_until
from tests.e2e import task_processes
from tests.e2e.kill_runs import (
    MOMENT_SECONDS,
    SMALL_BYTES,
    Run,
    complete_job,
    new_audio,
    record,
    running_pids,
    state,
    wait_until_deferred,
)
from tests.e2e.kill_scene import SOURCE_BUCKET, Scene

# As many as in the DAG file.
MAPPED_TASKS = 3
TRANSFERS_IN_FLIGHT = 2
# More than the buffers of two sockets hold, so that the rest of the body is still with the task when it is killed.
BIG_BYTES = 24 * 1024 * 1024


class Moment:
    """A moment that comes up by itself once it is arranged; `arrange` gives the run its audio as well."""

    def arrange(self, scene: Scene, run: Run) -> None:
        """Make the run's task stop at the moment."""
        record(scene, run)

    def after_trigger(self, scene: Scene, run: Run) -> None:
        """What can only be arranged when the run is under way."""

    def reached(self, scene: Scene, run: Run) -> list[int]:
        """The processes that stand at the moment; empty as long as not all do."""
        raise NotImplementedError

    def let_go(self, scene: Scene, run: Run) -> None:
        """Free what waits at the moment, for the tries to come."""


@dataclass
class WhileReadingS3(Moment):
    """The recording is being looked up: nothing has been sent to Fluxions."""

    def arrange(self, scene: Scene, run: Run) -> None:
        run.audio = scene.slow_s3.put_held(f"bucket/{run.name}.wav", new_audio(run))

    def reached(self, scene: Scene, run: Run) -> list[int]:
        port = scene.slow_s3.waiting_port(f"bucket/{run.name}.wav")
        pids = running_pids(scene, run)
        return [pid for pid in pids if port and task_processes.holds_connection(pid, scene.slow_s3.port, port)]

    def let_go(self, scene: Scene, run: Run) -> None:
        scene.slow_s3.release(f"bucket/{run.name}.wav")


@dataclass
class HeldByServer(Moment):
    """A request of the task, held at a stage of the emulator."""

    stage: str = "after_create"
    method: str = "POST"
    size_bytes: int = SMALL_BYTES

    def arrange(self, scene: Scene, run: Run) -> None:
        record(scene, run, self.size_bytes)
        self._hold(scene, run)

    def _hold(self, scene: Scene, run: Run) -> None:
        fault = Fault(
            name=run.name,
            method=self.method,
            filename=f"{run.name}*.wav",
            times=self._requests(run),
            hold=self.stage,  # type: ignore[arg-type] # the points below use the emulator's names
            hold_after_bytes=1,
        )
        scene.emulators[run.profile].control.add_fault(fault)

    def reached(self, scene: Scene, run: Run) -> list[int]:
        emulated = scene.emulators[run.profile]
        held = [hold for hold in emulated.control.holds() if hold["name"] == run.name]
        pids = running_pids(scene, run) if len(held) == self._requests(run) else []
        if len(pids) < run.mapped or not all(task_processes.holds_connection(pid, emulated.port) for pid in pids):
            return []
        return pids

    def _requests(self, run: Run) -> int:
        """How many requests are held before the run stands at its moment."""
        return run.mapped

    def let_go(self, scene: Scene, run: Run) -> None:
        # A request whose client is gone ends here, as at a server that writes its answer into a closed socket.
        scene.emulators[run.profile].control.release(run.name)


@dataclass
class WhileTransferring(HeldByServer):
    """A transfer's first uploads, as many as it has in flight, while others are still to come."""

    recordings: int = 4

    def arrange(self, scene: Scene, run: Run) -> None:
        for number in range(self.recordings):
            scene.buckets.put(SOURCE_BUCKET, f"{run.name}/{run.name}-{number}.wav", new_audio(run))
        run.audio = f"s3://{SOURCE_BUCKET}/{run.name}/"
        self._hold(scene, run)

    def _requests(self, run: Run) -> int:
        return TRANSFERS_IN_FLIGHT


@dataclass
class WhileResuming(HeldByServer):
    """The job is completed, its task runs again after the deferral and is asking for it."""

    stage: str = "before_body"
    method: str = "GET"

    def _hold(self, scene: Scene, run: Run) -> None:
        """Not yet: the first try and the triggerer ask for the job as well."""

    def after_trigger(self, scene: Scene, run: Run) -> None:
        wait_until_deferred(scene, run)
        complete_job(scene.emulators[run.profile], run)
        wait_until(lambda: state(scene, run) != "deferred", f"{run.name} resumed", MOMENT_SECONDS)
        super()._hold(scene, run)


@dataclass
class Frozen(Moment):
    """A moment without a request, at which the DAG folder's `freezing` stops the process."""

    name: str

    def arrange(self, scene: Scene, run: Run) -> None:
        super().arrange(scene, run)
        (scene.moments / f"{run.name}.{self.name}").touch()

    def reached(self, scene: Scene, run: Run) -> list[int]:
        frozen = scene.moments / f"{run.name}.frozen"
        if not frozen.exists():
            return []
        pid = int(frozen.read_text())
        if running_pids(scene, run) != [pid]:
            raise HarnessError(f"{run.name}: process {pid} stopped, but Airflow runs {running_pids(scene, run)}")
        return [pid]
