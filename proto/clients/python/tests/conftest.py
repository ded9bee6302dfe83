from __future__ import annotations

from collections.abc import Iterator

import pytest
from server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """A ledger that everybody on this machine may use."""
    server = Server()
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture
def secured() -> Iterator[Server]:
    """A ledger behind TLS, with a key of each role."""
    server = Server("--dev")
    try:
        yield server.start()
    finally:
        server.end()
