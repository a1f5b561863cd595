"""Search with a role filter: `python -m benchmarks.search --data DIR [--chunks 100000 --vectors random]`.

The whole of `pipeline.search`, in turns with embedding the same question alone, over different real questions. With
made-up vectors, which need no hours of embedding, only what comes after the embedding is shown.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks import corpus, timing
from benchmarks.timing import Figure
from rag.answers import Found
from rag.bootstrap import Service, open_service

WARM_UP = 10  # questions that are not counted
CHUNKS_PER_SMALL_FILE = 2
STORE_P95_MS = {20_000: 10, 100_000: 50}  # both legs, fusion, and the join to the truth


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--chunks", type=int, default=20_000)
    options.add_argument("--vectors", choices=["real", "random"], default="real")
    options.add_argument("--questions", type=int, default=300)
    given = options.parse_args()
    if given.vectors == "real":
        settings = corpus.indexed_home(given.data, given.work, given.chunks)
    else:
        settings = corpus.small_files_home(given.data, given.work, given.chunks // CHUNKS_PER_SMALL_FILE)
    with open_service(settings) as service:
        figures = measure(service, corpus.questions(given.data, given.questions + WARM_UP), given.chunks)
    timing.show(figures if given.vectors == "real" else figures[4:], as_json=given.json)


def measure(service: Service, questions: Sequence[str], chunks: int) -> list[Figure]:
    found: list[Found] = []
    embedder = service.backends.embedder_named("all-MiniLM-L6-v2")
    works = {
        "embed": lambda question: embedder.embed([question]),
        "search": lambda question: found.append(service.pipeline.search(corpus.request(question))),
    }
    service.warm_up()
    times = {name: each[WARM_UP:] for name, each in timing.in_turns(works, questions).items()}
    unit = timing.p50(times["embed"])
    stages = [each.trace.timings_ms for each in found[WARM_UP:]]
    after = [sum(stage.values()) - stage["embed"] for stage in stages]
    p50, p95 = timing.spread("search", times["search"], unit)
    rest, rest_p95 = timing.spread("search, embedding apart", after, unit)
    return [
        *timing.spread("embed the question", times["embed"], unit),
        replace(p50, target=2 * unit),
        replace(p95, target=4 * unit),
        rest,
        replace(rest_p95, target=STORE_P95_MS.get(chunks)),
        *(each for name in stages[0] for each in timing.spread(f"stage {name}", [s[name] for s in stages], unit)),
        Figure("chunks in the index", service.index_facts().chunks, ""),
    ]


if __name__ == "__main__":
    main()
