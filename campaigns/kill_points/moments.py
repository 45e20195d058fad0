"""The moments at which a task is killed: how each is arranged, seen and let go."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns import task_processes
from campaigns.kill_points.dag_run import MOMENT_SECONDS, Run, complete_job, running_pids, state, wait_until_deferred
from campaigns.kill_points.scene import Scene
from harness.holding_s3 import Hold
from harness.processes import HarnessError, wait_until


class Moment:
    """A moment that comes up by itself once it is arranged."""

    def arrange(self, scene: Scene, run: Run) -> None:
        """Make the run's task stop at the moment."""

    def after_trigger(self, scene: Scene, run: Run) -> None:
        """What can only be arranged when the run is under way."""

    def reached(self, scene: Scene, run: Run) -> list[int]:
        """Return the processes at this moment, or none until all have reached it."""
        raise NotImplementedError

    def let_go(self, scene: Scene, run: Run) -> None:
        """Free what waits at the moment, for the tries to come."""


@dataclass(frozen=True)
class HeldByS3(Moment):
    """A request of the task, held at S3's door; see `Hold`. `target` has places for the run's name and source."""

    method: str
    target: str
    is_carried_out: bool = False
    skip: int = 0

    def arrange(self, scene: Scene, run: Run) -> None:
        target = self.target.format(name=run.name, stem=run.stem, run_id=run.run_id, folder=run.folder)
        run.hold = Hold(self.method, target, self.is_carried_out, self.skip)
        scene.door.add(run.hold)

    def reached(self, scene: Scene, run: Run) -> list[int]:
        port = run.hold.client_port if run.hold else None
        pids = running_pids(scene, run) if port else []
        return [pid for pid in pids if task_processes.holds_connection(pid, scene.door.port, port)]

    def let_go(self, scene: Scene, run: Run) -> None:
        if run.hold:
            run.hold.release()


@dataclass(frozen=True)
class HeldByServer(Moment):
    """Requests of the task, as many as `requests`, held at a stage of the emulator. `files` ends the names meant."""

    stage: str = "after_create"
    method: str = "POST"
    requests: int = 1
    files: str = "*.wav"

    def arrange(self, scene: Scene, run: Run) -> None:
        fault = Fault(
            name=run.name,
            method=self.method,
            filename=f"{run.stem}{self.files}",
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
        """Return how many requests are held when the run is at its moment."""
        return run.mapped * self.requests

    def let_go(self, scene: Scene, run: Run) -> None:
        # A request whose client is gone ends here, as at a server that writes its answer into a closed socket.
        scene.emulators[run.profile].control.release(run.name)


@dataclass(frozen=True)
class WhileResuming(HeldByServer):
    """The job is completed, its task runs again after the deferral and is asking for it."""

    stage: str = "before_body"
    method: str = "GET"

    def arrange(self, scene: Scene, run: Run) -> None:
        """Not yet: the first try and the triggerer ask for the job as well."""

    def after_trigger(self, scene: Scene, run: Run) -> None:
        wait_until_deferred(scene, run)
        complete_job(scene.emulators[run.profile], run)
        wait_until(lambda: state(scene, run) != "deferred", f"{run.name} resumed", MOMENT_SECONDS)
        super().arrange(scene, run)


@dataclass(frozen=True)
class Frozen(Moment):
    """A moment without a request, at which the DAG folder's `freezing` stops the process."""

    name: str

    def arrange(self, scene: Scene, run: Run) -> None:
        (scene.moments / f"{run.stem}.{self.name}").touch()

    def reached(self, scene: Scene, run: Run) -> list[int]:
        frozen = scene.moments / f"{run.stem}.frozen"
        if not frozen.exists():
            return []
        pid = int(frozen.read_text())
        if running_pids(scene, run) != [pid]:
            raise HarnessError(f"{run.name}: process {pid} stopped, but Airflow runs {running_pids(scene, run)}")
        return [pid]
