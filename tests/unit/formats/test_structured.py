"""JSON, NDJSON and YAML: their own text, divided where a reader would, by keys that stand in the heading path."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.formats.extracted import Extracted
from indexing.formats.json_values import parse_json, parse_ndjson
from indexing.formats.yaml_values import parse_yaml

LONG = "x" * 900
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=9), inner, max_size=6),
    max_leaves=60,
)


def paths(found: Extracted) -> list[tuple[str, ...]]:
    return [block.heading_path for block in found.blocks]


def shown(found: Extracted) -> list[str]:
    return [found.text[block.start : block.end] for block in found.blocks]


def covers_its_text(found: Extracted) -> bool:
    """Tell whether the blocks follow each other and hold all that is no blank."""
    apart = all(one.end <= two.start for one, two in zip(found.blocks, found.blocks[1:], strict=False))
    return apart and "".join("".join(shown(found)).split()) == "".join(found.text.split())


@given(VALUES, st.sampled_from([None, 2]))
def test_json_of_any_shape_keeps_its_text_and_all_of_it_stands_in_blocks(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    found = parse_json(text.encode())
    assert (found.text, found.warnings, covers_its_text(found)) == (text, (), True)


def test_members_of_a_long_object_stand_under_their_keys() -> None:
    value = {"server": {"tls": {"note": LONG, "key": LONG}, "port": 8443}, "name": "hub"}
    found = parse_json(json.dumps(value).encode())
    assert paths(found)[:2] == [("server", "tls"), ("server", "tls")]
    assert '"port": 8443' in shown(found)[2]
    assert found.blocks[2].heading_path == ("server",)


def test_a_long_record_of_a_list_is_known_by_its_name() -> None:
    records = [{"name": "HV-400", "text": LONG, "more": {"note": LONG}}, {"name": "TG-2", "text": "short"}]
    found = parse_json(json.dumps(records).encode())
    assert {"HV-400"} <= {step for path in paths(found) for step in path}
    assert (found.blocks[-1].kind, found.blocks[-1].heading_path) == ("list_item", ())


def test_short_values_of_a_long_list_share_blocks() -> None:
    found = parse_json(json.dumps(list(range(100_000))).encode())
    assert len(found.blocks) < 1000
    assert covers_its_text(found)


def test_each_line_of_ndjson_is_a_record() -> None:
    found = parse_ndjson(b'{"a": 1}\n\n{"a": 2}\n')
    assert shown(found) == ['{"a": 1}', '{"a": 2}']
    assert {block.kind for block in found.blocks} == {"list_item"}


@pytest.mark.parametrize("broken", ['{"a": [1, 2}', '{"a": "open', "{} {}", '["a"]]'])
def test_what_is_no_json_is_read_as_text_and_says_so(broken: str) -> None:
    found = parse_json(broken.encode())
    assert (found.text, found.warnings) == (broken, ("it is not valid JSON, so it is read as plain text",))


@pytest.mark.parametrize(
    "hostile", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b'"' + b"a\\" * 500_000]
)
def test_depth_and_open_quotes_cost_little(hostile: bytes) -> None:
    started = time.process_time()
    assert parse_json(hostile).text == hostile.decode()
    assert time.process_time() - started < 10


def test_members_of_yaml_stand_under_their_keys_with_the_comments_above_them() -> None:
    text = (
        f"---\nserver:\n  # never below 10\n  limit: {LONG}\n  tls:\n    # the\n    # key\n    key: {LONG}\n---\nb: 2\n"
    )
    found = parse_yaml(text.encode())
    assert found.text == text
    assert covers_its_text(found)
    assert [path[:1] for path in paths(found)] == [("server",), ("server",), ()]
    assert "# never below 10" in shown(found)[0]
    assert shown(found)[1].startswith("tls:\n    # the")


def test_an_alias_bomb_stays_as_small_as_it_is_written() -> None:
    lines = ["a0: &a0 [lol, lol]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))]
    bomb = "\n".join(lines)
    started = time.process_time()
    assert parse_yaml(bomb.encode()).text == bomb
    assert time.process_time() - started < 5


def test_yaml_never_makes_objects_and_names_the_line_that_is_wrong() -> None:
    assert parse_yaml(b"a: !!python/object/apply:os.system ['ls']").warnings == ()
    (warning,) = parse_yaml(b"a: 1\nb: [1, 2\nc: }").warnings
    assert "not valid YAML (line 3)" in warning
