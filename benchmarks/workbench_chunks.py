"""From a changed chunk size to the page drawn anew: `python -m benchmarks.workbench_chunks [--changes 6]`.

The longest document of the example handbook, and a made-up text of 500,000 characters with 500 spans. Each size is new,
so nothing of its chunks is known. Chunking alone, which knows nothing of the sentences either; the page's script in
Streamlit's own harness; and the whole way in Chromium, where there is one.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import Page, ViewportSize
from streamlit.testing.v1 import AppTest

from benchmarks import timing
from benchmarks.pages import chromium, settle, workbench
from benchmarks.timing import Figure
from evals.loading import load_set
from evals.set_spans import own_documents
from indexing.build import SourceRequest
from indexing.chunking import chunk_document
from indexing.commands import workshop
from indexing.identity import document_id
from indexing.indexer import Indexer
from indexing.readable import readable_documents
from indexing.rechunking import read_file
from rag.bootstrap import Service, open_service
from rag.config import IndexConfig
from rag.settings import Settings
from rag.types import Document

REPOSITORY = Path(__file__).resolve().parent.parent
SEED, CHARS, SPANS, SPAN_CHARS = 7, 500_000, 500, 200
SIZES = (96, 88, 120, 72, 64, 104, 80, 112, 56, 136)
TARGET_S = 1.0
VIEW: ViewportSize = {"width": 1280, "height": 800}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--changes", type=int, default=6)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder) / "home", sets=Path(folder) / "sets")
        with workshop(settings, create=True) as shop:
            Indexer(shop).build(SourceRequest(sources_file=REPOSITORY / "examples" / "handbook.yaml"))
        made = made_up(Path(folder) / "sets" / "long")
        timing.show(measure(settings, made, SIZES[: given.changes]), as_json=given.json)


def measure(settings: Settings, made: Path, sizes: Sequence[int]) -> list[Figure]:
    with open_service(settings) as service:
        longest = longest_document(service)
        alone = {"handbook": longest, "500,000": long_document(made, settings)}
        figures = [figure(f"chunking, {name}", chunking(service, each, sizes)) for name, each in alone.items()]
    addresses = {
        "handbook": {"document": longest.id},
        "500,000": {"document": document_id("corpus", "long.md"), "set": str(made)},
    }
    for name, address in addresses.items():
        began = time.process_time()
        figures.append(figure(f"script of the page, {name}", in_harness(settings, address, sizes)))
        used = time.process_time() - began
        figures.append(Figure(f"script of the page, {name}, processor time, mean", used / (len(sizes) + 1), "s"))
    if shutil.which("chromium"):
        with workbench(settings) as served, chromium() as browser:
            for name, address in addresses.items():
                times = in_browser(browser.new_page(viewport=VIEW), served.address, address, sizes)
                figures.append(figure(f"page in Chromium, {name}", times, TARGET_S))
    return figures


def figure(name: str, times_s: Sequence[float], target: float | None = None) -> Figure:
    return Figure(f"{name}, p50", timing.p50(times_s), "s", target=target)


def longest_document(service: Service) -> Document:
    with service.corpus.reading() as reading:
        found = readable_documents(reading, frozenset({"*"}))
    documents = (service.reader.document(each.id, None, frozenset({"*"})).document for each in found)
    return max(documents, key=lambda each: len(each.text))


def long_document(made: Path, settings: Settings) -> Document:
    (own,) = own_documents(load_set(made).corpus, ())
    return read_file(own.source, own.file, settings)


def made_up(folder: Path) -> Path:
    """Write a set with a long document of its own; sections, paragraphs and sentences of the handbook's words."""
    chance = random.Random(SEED)
    handbook = (REPOSITORY / "examples" / "handbook").rglob("*.md")
    words = sorted({word for path in handbook for word in path.read_text(encoding="utf-8").split() if word.isalpha()})
    text = "# Long\n"
    while len(text) < CHARS:
        sentences = (" ".join(chance.choices(words, k=chance.randint(6, 22))) for _ in range(chance.randint(2, 7)))
        paragraph = " ".join(f"{sentence.capitalize()}." for sentence in sentences)
        text += f"\n{paragraph}\n" if chance.random() < 0.8 else f"\n## {chance.choice(words)}\n\n{paragraph}\n"
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "long.md").write_text(text, encoding="utf-8")
    lines = (json.dumps(case(text, at, chance.randrange(CHARS - SPAN_CHARS))) for at in range(SPANS))
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def case(text: str, at: int, start: int) -> dict[str, object]:
    end = start + SPAN_CHARS
    reference = {"doc": "corpus/long.md", "start": start, "end": end, "text": text[start:end]}
    return {"id": f"case-{at}", "question": f"What is said at {start}?", "references": [reference]}


def chunking(service: Service, document: Document, sizes: Sequence[int]) -> list[float]:
    embedder = service.backends.embedder_named(IndexConfig().embedder)
    configs = [IndexConfig(chunk_tokens=size) for size in sizes]
    works = (partial(chunk_document, document, each, embedder.count_tokens, embedder.max_tokens) for each in configs)
    return [timing.milliseconds(work) / 1000 for work in works]


def in_harness(settings: Settings, address: dict[str, str], sizes: Sequence[int]) -> list[float]:
    os.environ.update(PLUMBLINE_HOME=str(settings.home), PLUMBLINE_SETS=str(settings.sets))
    page = AppTest.from_file(str(REPOSITORY / "workbench" / "app.py"), default_timeout=60)
    page.query_params.update(address)
    page.switch_page("views/chunks.py").run()
    assert not page.exception
    return [timing.milliseconds(page.number_input(key="b_tokens").set_value(size).run) / 1000 for size in sizes]


def in_browser(page: Page, url: str, address: dict[str, str], sizes: Sequence[int]) -> list[float]:
    page.goto(str(httpx.URL(f"{url}/chunks", params=address)))
    page.get_by_text("B: auto").wait_for()
    return [changed(page, size) for size in sizes]


def changed(page: Page, size: int) -> float:
    """Return the seconds from a size that is entered until its chunks are drawn and the page is still."""
    settle(page)
    page.wait_for_timeout(500)
    field = page.locator('input[aria-label="Tokens of B"]')
    field.fill(str(size))
    began = time.perf_counter()
    field.press("Enter")
    page.get_by_text(f"B: auto, {size} tokens").wait_for()
    settle(page)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
