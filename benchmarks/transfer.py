"""All that a transfer from bucket to bucket costs, in one run: one large object, a thousand files, 100,000 keys.

    PYTHONPATH=. python benchmarks/transfer.py

Needs Linux, the environment of `scripts/test 3.3`, and curl; takes a quarter of an hour, most of it the thousand files.
Each part is a script of its own, with smaller numbers as arguments. Prints JSON lines.
"""

from __future__ import annotations

import json

from benchmarks import transfer_files, transfer_object, transfer_planning


def main() -> None:
    print(json.dumps({"object": transfer_object.measure(transfer_object.MIB, transfer_object.ROUNDS)}), flush=True)
    transfer_planning.measure(transfer_planning.KEYS)
    transfer_files.measure(transfer_files.FILES, transfer_files.MAPPED_FILES, transfer_files.DAGS)


if __name__ == "__main__":
    main()
