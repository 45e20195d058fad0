"""Watch an account for finished jobs: `watcher` reports each once, with a `cursor` over scans of the job list.

`list_scan` is one scan as plain values; `shared_scan` makes one scan for all watchers of a connection.
"""

__all__ = ["watcher"]
