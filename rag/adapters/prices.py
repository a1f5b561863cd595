"""What tokens cost, from a price list that comes with a package; nothing is fetched."""

from genai_prices import Usage, calc_price


def cost_usd(model: str, service: str, input_tokens: int | None, output_tokens: int | None) -> str | None:
    """Return US dollars as a decimal; None where tokens or price are unknown.

    service: the address that was called, or the provider's name; another's price for the same model is not taken.
    """
    if input_tokens is None or output_tokens is None:
        return None
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        if "://" in service:
            price = calc_price(usage, model, provider_api_url=service)
        else:
            price = calc_price(usage, model, provider_id=service)
    except (LookupError, ValueError):
        return None
    return format(price.total_price.normalize(), "f")
