"""From a bucket of texts to a bucket of recordings, without Airflow operators.

`planning` finds out what is done, `runner` decides, `steps` runs in threads, `results`, `audio_upload` and `formats`
write the files, `records` and `report` account for each input.
"""

__all__ = ["audio_upload", "formats", "planning", "records", "report", "results", "runner", "steps", "stored_pieces"]
