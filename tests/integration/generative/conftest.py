"""A service over the example handbook whose model is a fake provider's."""

import pytest

from tests.integration.generating import writing


@pytest.fixture(scope="module")
def world(indexed_home):
    with writing(indexed_home, api_key="k-secret") as made:
        yield made


@pytest.fixture
def service(world):
    return world[0]


@pytest.fixture
def provider(world):
    world[1].calls.clear()
    return world[1]
