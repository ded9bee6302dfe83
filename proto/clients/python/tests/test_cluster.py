"""Servers that share a ledger: who leads is found, also when another does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from events import partner
from postgres import postgres
from server import Server

from partnership_ledger import LedgerClient


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """Two servers of one ledger, of which the first leads."""
    with postgres() as database:
        options = ("--store", database, "--accept-unreplicated")
        leader, follower = Server(*options), Server(*options)
        try:
            leader.start()
            follower.start()
            yield leader, follower
        finally:
            follower.end()
            leader.end()


# A follower waits until the leader's lease is over.
@pytest.mark.timeout(90)
def test_the_leader_is_followed_also_when_another_leads(servers: tuple[Server, Server]) -> None:
    leader, follower = servers
    with LedgerClient(follower.address) as client, client.subscribe() as subscription:
        records = subscription.records()
        assert client.append([partner("acme")]).position == 1, "the follower has named the leader"
        assert next(records).position == 1
        leader.kill()
        # The leader that was named is away; the address that was given leads by and by.
        assert client.append([partner("globex")]).position == 2
        assert client.append([partner("acme")]).results[0].duplicate
        assert next(records).position == 2
