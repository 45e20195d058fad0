"""Transfer a bucket of recordings to a bucket of results, without Airflow operators.

- Plan: `locations`, `selection`, `naming`, `items`, `partition` define the inputs and the names of their results;
  `discovery`, `destination`, `planning` find completed inputs and jobs in progress; `budget` limits the rest.
- Run: `runner` decides, `timing` sets the times of polls and deferrals, `steps` runs in the threads of `executor`,
  `conditional_put` writes one result.
- Report: `records` and `manifest` contain each input's state, `ownership` checks the jobs in a manifest, `progress` and
  `report` log the state.
"""

__all__ = [
    "budget",
    "conditional_put",
    "destination",
    "discovery",
    "ignored",
    "input_errors",
    "items",
    "locations",
    "manifest",
    "naming",
    "object_metadata",
    "ownership",
    "partition",
    "planning",
    "records",
    "report",
    "runner",
    "selection",
    "speech",
    "steps",
    "timing",
]
