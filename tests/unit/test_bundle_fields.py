"""Settings as forms show them, against the schema of a bundle."""

from pathlib import Path

import pytest

from evals.batch import Batch, NamedBundle
from evals.bundle_fields import bundle_fields, distinct, field_at, read_values, said, value_of, varied
from rag.config import Bundle, as_yaml, parse_bundle
from rag.errors import UsageError


def test_every_setting_has_a_meaning_and_its_default_among_its_values():
    for field in bundle_fields():
        assert field.meaning.endswith(".")
        assert value_of(Bundle(), field) == field.default
        assert read_values(field, said(field.default)) == [field.default]


def test_values_are_read_once_each_and_refused_with_the_range():
    assert read_values(field_at("index.chunk_tokens"), "100, 300; 100") == [100, 300]
    assert read_values(field_at("query.legs"), "dense+lexical, dense") == [("dense", "lexical"), ("dense",)]
    for text in ("nan", "2", "-0.1"):
        with pytest.raises(UsageError, match="out of range: it is a number from 0 to 1"):
            read_values(field_at("query.dense_weight"), text)


def test_one_leg_alone_is_not_reranked_when_legs_are_varied():
    both, alone = varied(Bundle(), field_at("query.legs"), [("dense", "lexical"), ("dense",)])
    assert (both.bundle, alone.name) == (Bundle(), "legs dense")
    assert alone.bundle.query.rerank == "none"


def test_equal_bundles_are_found_and_a_bundle_as_yaml_is_the_same_bundle():
    one, other = NamedBundle(name="a", bundle=Bundle()), NamedBundle(name="b", bundle=Bundle())
    assert distinct([one, other]) == ((one,), {"b": "a"})
    assert parse_bundle(as_yaml(Bundle()).encode(), "x").digest == "ec8f9a844d14"


def test_values_that_begin_alike_are_told_apart_by_a_number():
    long = "/models/" + "a" * 80
    named = varied(Bundle(), field_at("index.embedder"), [f"{long}/one", f"{long}/two", "short"])
    assert len({each.name for each in named}) == 3
    assert named[1].name.endswith(" (2)")
    assert Batch(eval_set=Path("x"), bundles=named)
