"""What Prometheus reads: times per stage, answers by outcome, and the index; a registry per app."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from rag.answers import Usage
from rag.database.reader import IndexFacts

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one app."""

    def __init__(self, facts: Callable[[], IndexFacts | None], dropped: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._stages = Histogram(
            "plumbline_stage_duration_seconds",
            "Time per stage of a question.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._answers = Counter(
            "plumbline_answers", "Answers by status, and failures by code.", ["outcome"], registry=self._registry
        )
        self._tokens = Counter(
            "plumbline_llm_tokens", "Tokens of language models.", ["model", "direction"], registry=self._registry
        )
        self._cost = Counter(
            "plumbline_llm_cost_usd", "Cost of language models, as far as known.", ["model"], registry=self._registry
        )
        self._registry.register(_Observed(facts, dropped))

    def timed(self, timings_ms: Mapping[str, float]) -> None:
        """Count the stages of one question."""
        for stage, took_ms in timings_ms.items():
            self._stages.labels(stage).observe(took_ms / 1000)

    def answered(self, status: str) -> None:
        """Count an answer by its status."""
        self._answers.labels(status).inc()

    def spent(self, usage: Usage) -> None:
        """Count what a language model took for one answer; of an unknown price nothing."""
        if usage.input_tokens:
            self._tokens.labels(usage.model, "input").inc(usage.input_tokens)
            self._tokens.labels(usage.model, "output").inc(usage.output_tokens)
            self._cost.labels(usage.model).inc(float(usage.cost_usd or 0))

    def failed(self, code: str) -> None:
        """Count a question that got an error in place of an answer."""
        self._answers.labels(code).inc()

    def page(self) -> bytes:
        """Return the page in Prometheus's text format."""
        return generate_latest(self._registry)


class _Observed:
    """Read when the page is asked for; without an index its gauges are absent."""

    def __init__(self, facts: Callable[[], IndexFacts | None], dropped: Callable[[], int]) -> None:
        self._facts, self._dropped = facts, dropped

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges of the index, and the records that could not be kept."""
        yield CounterMetricFamily(
            "plumbline_records_dropped", "Rows of the query log that could not be kept.", value=self._dropped()
        )
        facts = self._facts()
        if facts is not None:
            yield from _gauges(facts)


def _gauges(facts: IndexFacts) -> Iterator[Metric]:
    yield _labelled("plumbline_index_documents", "Documents by state.", "state", facts.documents)
    yield GaugeMetricFamily("plumbline_index_chunks", "Chunks that can be found.", value=facts.chunks)
    yield GaugeMetricFamily("plumbline_index_size_bytes", "Bytes of the index that serves.", value=facts.bytes)
    yield GaugeMetricFamily("plumbline_index_age_seconds", "Since the last publish.", value=facts.age_s)
    yield _labelled("plumbline_index_lag_seconds", "Since the source was last seen whole.", "source", facts.lag_s)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
