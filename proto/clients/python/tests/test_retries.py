"""Calls are made again until they are answered, elsewhere if need be, and what they append is recorded once."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time

import grpc
import pytest
from events import partner
from server import PROGRAM, Server
from standin import refusing

from partnership_ledger import LedgerClient, Overloaded, Rejected, Unavailable, contract
from partnership_ledger.addresses import Addresses


def names_recorded(client: LedgerClient) -> list[str]:
    """The partners of all records, in order of position."""
    pages = client.audit.ReadRecords(contract.ReadRecordsRequest(page_size=1_000))
    return [record.event.partner_registered.partner_id for page in pages for record in page.records]


def dead_address() -> str:
    """An address at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_server_that_is_killed_again_and_again_records_each_event_once(server: Server) -> None:
    names: list[str] = []
    results: list[contract.AppendResult] = []
    failures: list[BaseException] = []
    is_enough = threading.Event()

    def append() -> None:
        try:
            with LedgerClient(server.address, attempt_timeout=5.0) as client:
                while not is_enough.is_set():
                    batch = [f"partner-{len(names) + number}" for number in range(3)]
                    names.extend(batch)
                    results.extend(client.append([partner(name) for name in batch]).results)
        except BaseException as failure:
            failures.append(failure)

    appending = threading.Thread(target=append)
    appending.start()
    for _ in range(5):
        time.sleep(0.15)
        server.kill()
        server.start()
    time.sleep(0.15)
    is_enough.set()
    appending.join()

    assert not failures
    assert len(names) > 3
    with LedgerClient(server.address) as client:
        assert names_recorded(client) == names
    assert [result.position for result in results] == list(range(1, len(names) + 1))


def test_the_next_address_is_tried_when_one_is_away(server: Server) -> None:
    with LedgerClient([dead_address(), dead_address(), server.address]) as client:
        assert client.append([partner("acme")]).position == 1
        assert [*client.audit.ReadRecords(contract.ReadRecordsRequest())][0].position == 1


def test_an_attempt_without_an_answer_is_given_up_and_made_again(server: Server) -> None:
    with LedgerClient(server.address, attempt_timeout=0.5) as client:
        client.append([partner("acme")])
        server.tell(signal.SIGSTOP)
        threading.Timer(1.2, server.tell, [signal.SIGCONT]).start()
        client.append([partner("globex")])
        assert names_recorded(client) == ["acme", "globex"]


def test_nobody_is_waited_for_longer_than_the_timeout() -> None:
    with LedgerClient([dead_address(), dead_address()]) as client:
        with pytest.raises(Unavailable):
            client.append([partner("acme")], timeout=0.5)


def test_who_is_over_its_limit_is_told_when_to_come_again_and_does(secured: Server) -> None:
    access = secured.file("access.toml")
    limited = '\n[[principal]]\nname = "limited"\nroles = ["auditor"]\nlimits = { subscriptions = 1 }\n'
    access.write_text(access.read_text() + limited)
    made = subprocess.run([PROGRAM, "access", "add-key", access, "limited"], capture_output=True, text=True, check=True)
    secured.kill()
    secured.start()
    with LedgerClient(secured.address, ca=secured.file("ca.pem").read_bytes(), key=made.stdout) as client:
        first = client.subscribe()
        assert next(first).HasField("caught_up")
        with pytest.raises(Overloaded) as refused:
            client.audit.Subscribe(contract.SubscribeRequest(), timeout=0.7)
        assert refused.value.reason == "RATE_LIMITED"
        assert refused.value.retry_after is not None
        threading.Timer(0.5, first.close).start()
        assert next(client.subscribe()).HasField("caught_up")


def test_what_another_server_leads_is_made_there(server: Server) -> None:
    with refusing(grpc.StatusCode.UNAVAILABLE, "NOT_LEADER", leader=server.address) as follower:
        with LedgerClient(follower.address) as client:
            assert client.append([partner("acme")]).position == 1
            assert client.append([partner("globex")]).position == 2
            assert follower.calls == ["Append"], "once it is known who leads, the leader is asked at once"
        with LedgerClient(follower.address) as client:
            assert [record.position for record in take(client, 2)] == [1, 2]


def test_a_leader_that_is_not_known_is_looked_for(server: Server) -> None:
    with refusing(grpc.StatusCode.UNAVAILABLE, "NOT_LEADER") as follower:
        with LedgerClient([follower.address, follower.address, server.address]) as client:
            assert client.append([partner("acme")]).position == 1


def test_two_servers_that_each_name_the_other_are_left_in_the_end() -> None:
    with refusing(grpc.StatusCode.UNAVAILABLE, "NOT_LEADER") as one, refusing(grpc.StatusCode.UNAVAILABLE, "NOT_LEADER") as other:
        one.metadata["leader"], other.metadata["leader"] = other.address, one.address
        with LedgerClient(one.address) as client, pytest.raises(Unavailable) as failed:
            client.append([partner("acme")], timeout=1.0)
        assert failed.value.reason == "NOT_LEADER"
        assert 2 <= len(one.calls) + len(other.calls) < 30


def test_what_a_rule_refuses_is_not_sent_again() -> None:
    with refusing(grpc.StatusCode.FAILED_PRECONDITION, "EXCEEDS_PAYABLE") as ledger, LedgerClient(ledger.address) as client:
        with pytest.raises(Rejected, match="EXCEEDS_PAYABLE"):
            client.append([partner("acme")])
        assert ledger.calls == ["Append"]


def test_a_call_that_is_not_the_same_twice_is_not_made_again() -> None:
    with refusing(grpc.StatusCode.UNAVAILABLE, "STOPPED") as ledger, LedgerClient(ledger.address, timeout=1.0) as client:
        with pytest.raises(Unavailable):
            client.webhooks.AddWebhook(contract.AddWebhookRequest(name="crm", url="https://crm.example/ledger"))
        assert ledger.calls == ["AddWebhook"]
        with pytest.raises(Unavailable):
            client.partnership.GetBalance(contract.GetBalanceRequest(partner_id="acme"))
        assert ledger.calls.count("GetBalance") > 1


def test_a_leader_is_followed_to_no_weaker_place() -> None:
    addresses = Addresses(["https://one.example:1"], has_key=True)
    told_by = addresses.current()
    assert not addresses.follow("http://two.example:2", told_by), "the key would be read on the way"
    assert not addresses.follow("http://127.0.0.1:2", told_by)
    assert not addresses.follow("https://one.example:1", told_by), "it does not lead, as it says itself"
    assert not addresses.follow("", told_by)
    assert addresses.current() == told_by
    assert addresses.follow("two.example:2", told_by)
    assert str(addresses.current()) == "https://two.example:2"


def take(client: LedgerClient, count: int) -> list[contract.Record]:
    """The first records of a subscription."""
    with client.subscribe() as subscription:
        return [record for _, record in zip(range(count), subscription.records())]
