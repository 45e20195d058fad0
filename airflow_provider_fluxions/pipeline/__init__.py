"""From a bucket of recordings to a bucket of results, without Airflow operators.

- What to do: `locations`, `selection`, `naming`, `items`, `partition` say what an input is and what its results are
  called; `discovery`, `destination`, `planning` find out what is done and what is in progress; `budget` limits it.
- Doing it: `runner` decides, `timing` says when to poll and to defer, `steps` runs in the threads of `executor`,
  `conditional_put` writes one result.
- Accounting: `records` and `manifest` hold each input's state, `ownership` says which jobs a manifest may name,
  `progress` and `report` log it.
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
