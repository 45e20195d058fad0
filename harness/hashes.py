"""Pins with the hashes of their files: what environments are made of is what was tried, or the installation fails.

`requirements/hashes.sha256` has one line for each pin: ``name==version`` and the SHA-256 of each of its files. So the
files of pins stay short, and the same pin in several files has its hashes once.

    python -m harness.hashes PINS      print the pins with their hashes, as pip and uv read them
    python -m harness.hashes --update  ask the index for missing hashes, and drop those of pins that are gone (needs uv)
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "requirements" / "hashes.sha256"
# numpy 2.5 and later need Python 3.12.
PYTHONS = ("3.11.7", "3.13.1")


def pin_files(root: Path = ROOT) -> list[Path]:
    """Return every file of pins that a script installs from."""
    folder = root / "requirements"
    return [*sorted(folder.glob("*.txt")), *sorted((root / "harness").glob("requirements-*.txt"))]


def pins(text: str) -> Iterator[tuple[str, str]]:
    """Yield each pin ``name==version`` with what follows it, such as a marker; comments are left out."""
    for line in text.splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement:
            pin, _, marker = requirement.partition(";")
            yield pin.strip(), marker.strip()


def read(text: str) -> dict[str, list[str]]:
    """Return the hashes by pin."""
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {pin: digests for pin, *digests in lines}


def with_hashes(text: str, hashes: Mapping[str, list[str]]) -> str:
    """Return a file of pins as pip and uv read it, with the hashes of each.

    :raises KeyError: a pin has none; its argument is the pin.
    """
    lines = []
    for pin, marker in pins(text):
        options = " ".join(f"--hash=sha256:{digest}" for digest in hashes[pin])
        lines.append(f"{pin} ; {marker} {options}" if marker else f"{pin} {options}")
    return "\n".join(lines) + "\n"


def update() -> None:
    """Write the store again: known hashes stay, those of new pins are asked for."""
    wanted = {pin for path in pin_files() for pin, _ in pins(path.read_text())}
    known = read(STORE.read_text()) if STORE.exists() else {}
    missing = sorted(wanted - known.keys())
    for python in PYTHONS:
        for batch in _batches(pin for pin in missing if pin not in known):
            known.update(_asked(batch, python))
    if lacking := sorted(wanted - known.keys()):
        sys.exit(f"The index has no files of {', '.join(lacking)} for Python {' or '.join(PYTHONS)}.")
    lines = [f"{pin} {' '.join(known[pin])}\n" for pin in sorted(wanted)]
    STORE.write_text("# SHA-256 of the files of each pin. Made by scripts/pin --hashes.\n" + "".join(lines))
    print(f"{STORE.relative_to(ROOT)}: {len(lines)} pins, {len(missing)} of them new")


def _batches(missing: Iterable[str]) -> list[list[str]]:
    """Share pins among batches that have each name once: a resolution takes one version of a package."""
    batches: list[dict[str, str]] = []
    for pin in missing:
        name = pin.partition("==")[0]
        batch = next((batch for batch in batches if name not in batch), None)
        if batch is None:
            batches.append(batch := {})
        batch[name] = pin
    return [list(batch.values()) for batch in batches]


def _asked(batch: Iterable[str], python: str) -> dict[str, list[str]]:
    """Return the hashes that the index has for these pins; those that need another Python are left out, one by one."""
    left = list(batch)
    options = (
        "--quiet",
        "--no-deps",
        "--generate-hashes",
        "--no-annotate",
        "--no-header",
        "--no-emit-index-url",
        "--prerelease",
        "allow",
    )
    with tempfile.NamedTemporaryFile("w+", suffix=".in") as file:
        while left:
            file.seek(0)
            file.truncate()
            file.write("\n".join(left))
            file.flush()
            command = ("uv", "pip", "compile", *options, "--no-emit-find-links", "--python-version", python, file.name)
            done = subprocess.run(command, capture_output=True, text=True)
            if not done.returncode:
                return parse(done.stdout)
            refused = [pin for pin in left if re.search(rf"\b{re.escape(pin)}\b", done.stderr)]
            if not refused:
                sys.exit(done.stderr)
            left = [pin for pin in left if pin not in refused]
    return {}


def parse(compiled: str) -> dict[str, list[str]]:
    """Return the hashes by pin of what ``uv pip compile --generate-hashes`` printed."""
    joined = compiled.replace("\\\n", " ")
    found = {}
    for line in joined.splitlines():
        if "--hash=" in line:
            found[line.split()[0]] = sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def main(arguments: list[str]) -> int:
    """Print or update; 1 where a pin has no hashes."""
    if arguments == ["--update"]:
        update()
        return 0
    try:
        print(with_hashes(Path(arguments[0]).read_text(), read(STORE.read_text())), end="")
    except KeyError as error:
        print(f"{arguments[0]} pins {error.args[0]}, which has no hashes. Run scripts/pin --hashes.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
