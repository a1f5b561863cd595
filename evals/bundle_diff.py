"""In what two bundles differ."""

from collections.abc import Mapping

from rag.config import Bundle


def differences(a: Bundle, b: Bundle) -> list[tuple[str, object, object]]:
    """Return the fields that differ, as `query.top_k`, with both values; None where a bundle lacks one."""
    left, right = _flat(a.model_dump(mode="json")), _flat(b.model_dump(mode="json"))
    both = ((name, left.get(name), right.get(name)) for name in left | right)
    return [(name, one, other) for name, one, other in both if one != other]


def _flat(content: Mapping[str, object], path: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in content.items():
        found |= _flat(value, f"{path}{name}.") if isinstance(value, dict) else {path + name: value}
    return found
