"""The Fluxions API for any Python program. Nothing here imports Airflow.

- `client`, `models`, `errors`, `settings`: for programs; `audio` and `media_types` describe recordings;
- `job_source`, `job_errors`: jobs as waits and watchers need them, and the errors for their outcomes;
- `submit_once`, `job_reference`, `job_search`, `recent_jobs`, `retry`: how a recording is charged only once;
- `transcript`: text, segments, words, turns and events as values;
- `voices`, `rendering`, `speech_options`, `speech_text`, `speech_audio`: speech from text;
- `arguments`, `cost`, `ids`, `json_values`, `printable`, `humanize`: rules of plain values that other rooms share.
"""

from __future__ import annotations

__all__ = [
    "arguments",
    "audio",
    "client",
    "cost",
    "elapsed",
    "errors",
    "humanize",
    "ids",
    "job_errors",
    "job_reference",
    "job_search",
    "job_source",
    "job_warnings",
    "json_values",
    "media_types",
    "models",
    "name_patterns",
    "printable",
    "recent_jobs",
    "rendering",
    "retry",
    "retry_after",
    "settings",
    "speech_audio",
    "speech_options",
    "speech_text",
    "submit_once",
    "transcript",
    "uris",
    "voices",
]
