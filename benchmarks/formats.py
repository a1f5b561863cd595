"""A folder of files of all kinds, indexed as a user does: `python -m benchmarks.formats --data DIR [--folder FOLDER]`.

Seconds, the most memory that all processes of the run held together (proportional set size, asked four times a second),
what became of the files of each ending, and whether every chunk is the slice of its document that it says.
"""

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePath

import psutil  # type: ignore[import-untyped]  # has no stubs

from benchmarks import corpus, timing
from benchmarks.timing import Figure
from indexing import catalog, versions
from indexing.commands import workshop
from indexing.embedding import text_hash
from indexing.generations import serving_config
from indexing.listing import documents
from rag.settings import Settings

_EVERY_S = 0.25
_ENDED_WELL = (0, 5)  # exit codes: all indexed, or some files reported


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--folder", type=Path, help="what is indexed; without it docs/corpus of the data")
    options.add_argument("--workers", type=int, help="processes that read files; without it one for each core")
    given = options.parse_args()
    folder = given.folder or given.data / "docs" / "corpus"
    with tempfile.TemporaryDirectory() as home:
        _share_model(given.work, Path(home))
        seconds, peak = _built(Path(home), folder, given.workers)
        settings = Settings.load(home=Path(home))
        ends = _ends(settings)
        figures = [
            Figure("files", sum(sum(each.values()) for each in ends.values()), ""),
            Figure("index build", seconds, "s"),
            Figure("peak memory of all processes", peak / 1024**2, "MB", target=2048),
            *_offsets(settings),
        ]
    timing.show(figures, as_json=given.json)
    if not given.json:
        for ending, states in sorted(ends.items()):
            print(
                f"{ending or 'no ending':10} {', '.join(f'{count} {state}' for state, count in sorted(states.items()))}"
            )


def _share_model(work: Path, home: Path) -> None:
    """Let the home use the model's graph of other runs, so that making it is not measured."""
    (work / "models").mkdir(parents=True, exist_ok=True)
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "models").symlink_to(work / "models")


def _built(home: Path, folder: Path, workers: int | None) -> tuple[float, int]:
    """Index the folder; return the seconds and the most bytes that the processes held together."""
    variables = corpus.environment(home) | ({"PLUMBLINE_PARSING__WORKERS": str(workers)} if workers else {})
    command = [corpus.PLUMBLINE, "index", "build", str(folder), "--json"]
    started, peak = time.perf_counter(), 0
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL) as build:
        while build.poll() is None:
            peak = max(peak, _held(build.pid))
            time.sleep(_EVERY_S)
    assert build.returncode in _ENDED_WELL, f"index build ended with {build.returncode}"
    return time.perf_counter() - started, peak


def _held(pid: int) -> int:
    total = 0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total


def _ends(settings: Settings) -> Mapping[str, Counter[str]]:
    """Return how many files of each ending ended in which state."""
    ends: dict[str, Counter[str]] = {}
    with workshop(settings) as shop:
        found = json.loads(json.dumps(documents(shop, []), default=str))["documents"]
    for each in found:
        ends.setdefault(PurePath(each["uri"]).suffix.lower(), Counter())[each["state"]] += 1
    return ends


def _offsets(settings: Settings) -> Iterator[Figure]:
    """Yield the share of chunks whose embedded text is the slice of the stored text that they name."""
    with workshop(settings) as shop, shop.database.read() as connection:
        config = serving_config(connection)
        assert config is not None
        ids = versions.with_chunks(connection, config.digest, born=2)
        hashes = versions.chunk_hashes(connection, config.digest, catalog.revision_of(connection))
        slices = versions.read_texts(connection, ids, config.digest)
    right = sum(text_hash(text).hex() == hashes[chunk] for chunk, text in slices.items())
    yield Figure("chunks", len(hashes), "")
    yield Figure("chunks that are slices of their documents", 100 * right / len(hashes), "%", target=100, at_least=True)


if __name__ == "__main__":
    main()
