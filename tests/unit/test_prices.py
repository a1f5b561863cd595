"""What tokens cost: known for the service that was called, else unknown."""

from decimal import Decimal

from rag.adapters.prices import cost_usd


def test_a_price_is_that_of_the_service_that_was_called():
    assert Decimal(cost_usd("gpt-4o", "https://api.openai.com/v1", 1_000_000, 0) or 0) > 0
    assert cost_usd("gpt-4o", "https://llm.example.internal/v1", 1000, 10) is None
    assert cost_usd("no-such-model", "https://api.openai.com/v1", 1000, 10) is None
