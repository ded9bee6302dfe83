"""A subscription goes on over restarts of the server, with nothing twice and nothing missing."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from events import partner
from server import Server

from partnership_ledger import LedgerClient, PermissionDenied, Rejected, Unauthenticated, Unavailable, channel, contract


def test_nothing_comes_twice_and_nothing_is_missing_though_the_server_is_killed(server: Server) -> None:
    count, kills = 150, 4
    failures: list[BaseException] = []

    def append() -> None:
        try:
            with LedgerClient(server.address, attempt_timeout=5.0) as client:
                for number in range(count):
                    client.append([partner(f"partner-{number}")])
                    time.sleep(0.01)
        except BaseException as failure:
            failures.append(failure)

    def kill() -> None:
        for _ in range(kills):
            time.sleep(0.3)
            server.kill()
            time.sleep(0.2)
            server.start()

    threads = [threading.Thread(target=append), threading.Thread(target=kill)]
    positions: list[int] = []
    told_caught_up = 0
    with LedgerClient(server.address) as client, client.subscribe() as subscription:
        for thread in threads:
            thread.start()
        for answer in subscription:
            positions += [record.position for record in answer.records.records]
            told_caught_up += answer.HasField("caught_up")
            if not any(thread.is_alive() for thread in threads) and (failures or len(positions) >= count):
                break
            if len(positions) >= count:
                # What is still to come are restarts, over which nothing may come a second time.
                for thread in threads:
                    thread.join()
                break
        assert subscription.position == count
    assert not failures
    assert positions == list(range(1, count + 1))
    assert told_caught_up == 1


def test_who_subscribes_again_goes_on_behind_what_it_has(server: Server) -> None:
    with LedgerClient(server.address) as client:
        client.append([partner(f"partner-{number}") for number in range(5)])
        with client.subscribe() as subscription:
            first = next(subscription.records())
        assert first.position == 1
        with client.subscribe(first.position) as subscription:
            assert [record.position for _, record in zip(range(4), subscription.records())] == [2, 3, 4, 5]


def test_a_filter_leaves_out_and_the_position_moves_on(server: Server) -> None:
    only = contract.RecordFilter(body_types=["sale_recorded"])
    with LedgerClient(server.address) as client:
        client.append([partner("acme")])
        with client.subscribe(filter=only) as subscription:
            assert next(subscription).HasField("caught_up")
            assert subscription.is_caught_up
            assert subscription.position == 1


def test_closing_ends_the_iteration_from_another_thread_too(server: Server) -> None:
    with LedgerClient(server.address) as client:
        subscription = client.subscribe()
        assert next(subscription).HasField("caught_up")
        threading.Timer(0.2, subscription.close).start()
        assert list(subscription) == []


def test_a_ledger_with_fewer_records_than_were_delivered_is_an_error(server: Server) -> None:
    with LedgerClient(server.address) as client, pytest.raises(Rejected) as refused:
        next(client.subscribe(7))
    assert refused.value.reason == "POSITION_NOT_REACHED"


def test_a_ledger_that_never_answers_is_not_waited_for_without_end() -> None:
    with LedgerClient("http://127.0.0.1:1", timeout=0.3) as client, pytest.raises(Unavailable):
        next(client.subscribe())


def test_a_ledger_that_stays_away_is_given_up_when_that_is_asked_for(server: Server) -> None:
    with LedgerClient(server.address) as client:
        subscription = client.subscribe(give_up_after=0.5)
        next(subscription)
        server.kill()
        with pytest.raises(Unavailable):
            next(subscription)


def test_a_server_that_hangs_is_noticed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sooner = {"grpc.keepalive_time_ms": 1_000, "grpc.keepalive_timeout_ms": 500, "grpc.http2.ping_timeout_ms": 500}
    monkeypatch.setattr(channel, "_OPTIONS", tuple({**dict(channel._OPTIONS), **sooner}.items()))
    with LedgerClient(server.address) as client:
        subscription = client.subscribe(give_up_after=3.0)
        next(subscription)
        server.tell(signal.SIGSTOP)
        with pytest.raises(Unavailable):
            next(subscription)


def test_a_right_that_is_taken_away_ends_it(secured: Server) -> None:
    with LedgerClient(secured.address, ca=secured.file("ca.pem").read_bytes(), key=secured.key("auditor")) as client:
        subscription = client.subscribe()
        next(subscription)
        access = secured.file("access.toml")
        access.write_text(access.read_text().replace('roles = ["auditor"]', 'roles = ["emitter"]\nevents = ["leads"]'))
        with pytest.raises((PermissionDenied, Unauthenticated)):
            next(subscription)
