"""Eight shards of a run on two Celery workers, one of them killed half way; `scripts/celery-campaign` plays more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.framework import logs_folder
from campaigns.shards.judge import shared_paths
from campaigns.shards.run import SHARDS, Report, play
from campaigns.shards.scene import SURVIVOR, VICTIM, Scene, set_scene

pytestmark = pytest.mark.campaign

RECORDINGS = 80
# Below pytest's limit for one test, 300 s, so that a hanging run is reported with its tasks.
RUN_SECONDS = 240.0


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """All that runs. The logs of a failed session are kept and named."""
    with logs_folder("shards", lambda: request.session.testsfailed) as home, set_scene(home) as everything:
        yield everything


@pytest.fixture(scope="module")
def report(scene: Scene) -> Report:
    """Return the result of the run, after which one worker is left."""
    return play(scene, RECORDINGS, run_seconds=RUN_SECONDS)


def test_no_worker_knows_or_sees_a_file_of_another(scene: Scene) -> None:
    assert shared_paths(scene) == []


def test_every_shard_succeeds_though_a_worker_is_gone_for_good(report: Report) -> None:
    assert [shard.state for shard in report.shards] == ["success"] * SHARDS


def test_the_killed_shards_end_on_the_other_worker_in_a_second_try(report: Report) -> None:
    retried = [shard for shard in report.shards if shard.tries > 1]
    assert retried
    for shard in retried:
        assert 1 in shard.workers[VICTIM]
        assert shard.tries in shard.workers[SURVIVOR]
        assert shard.tries not in shard.workers[VICTIM]


def test_together_the_shards_take_every_recording_once(report: Report) -> None:
    assert sum(shard.inputs for shard in report.shards) == RECORDINGS


def test_no_recording_is_uploaded_or_transcribed_twice(report: Report) -> None:
    assert (sum(report.posts.values()), report.jobs, report.duplicates) == (RECORDINGS, RECORDINGS, 0)


def test_jobs_that_the_killed_uploads_had_created_are_reused(report: Report) -> None:
    assert report.cut_off > 0
    assert report.kept == report.cut_off


def test_the_results_are_those_of_a_night_without_a_kill(report: Report) -> None:
    assert report.wrong_outputs == []
