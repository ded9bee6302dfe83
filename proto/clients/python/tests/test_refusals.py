"""Refusals come as errors with the rule's reason and particulars."""

from __future__ import annotations

import pytest
from events import WHEN, partner, sale
from server import Server

from partnership_ledger import (
    LedgerClient,
    Malformed,
    PermissionDenied,
    Rejected,
    Unauthenticated,
    Unavailable,
    UnknownId,
    contract,
    error_of_append,
)


def test_a_rule_that_refuses_is_named_with_its_particulars(server: Server) -> None:
    with LedgerClient(server.address) as client:
        client.append([partner("acme")])
        other = partner("acme")
        other.partner_registered.display_name = "Another Acme"
        with pytest.raises(Rejected) as refused:
            client.append([other])
    assert refused.value.reason == "EVENT_ID_REUSED"
    assert refused.value.metadata["event_id"] == other.event_id
    assert refused.value.event_index == 0


def test_an_unknown_id_is_named(server: Server) -> None:
    with LedgerClient(server.address) as client:
        with pytest.raises(UnknownId) as refused:
            client.append([partner("acme"), sale("lead-1")])
        assert (refused.value.reason, refused.value.event_index) == ("UNKNOWN_ID", 1)
        assert (refused.value.metadata["kind"], refused.value.metadata["id"]) == ("lead_id", "lead-1")
        with pytest.raises(UnknownId, match="acme"):
            client.partnership.GetBalance(contract.GetBalanceRequest(partner_id="acme"))


def test_every_bad_field_is_named(server: Server) -> None:
    bad = contract.Event(occurred_at=WHEN, partner_registered=contract.PartnerRegistered(partner_id="no blanks"))
    with LedgerClient(server.address) as client, pytest.raises(Malformed) as refused:
        client.append([partner("acme"), bad])
    assert refused.value.reason == "MALFORMED"
    fields = {violation.field for violation in refused.value.violations}
    assert {"events[1].event_id", "events[1].partner_registered.partner_id"} <= fields


def test_a_position_that_is_passed_is_told(server: Server) -> None:
    with LedgerClient(server.address) as client:
        client.append([partner("acme")])
        with pytest.raises(Rejected) as refused:
            client.append([partner("globex")], expected_last_position=0)
    assert refused.value.reason == "POSITION_PASSED"


def test_what_a_preview_refuses_is_the_same_error(server: Server) -> None:
    with LedgerClient(server.address) as client:
        answer = client.ledger.Preview(contract.PreviewRequest(events=[sale("lead-1")]))
    refused = error_of_append(answer.results[0].error)
    assert isinstance(refused, UnknownId)
    assert refused.metadata["id"] == "lead-1"


def test_a_stream_of_appends_answers_each_request(server: Server) -> None:
    requests = [
        contract.AppendStreamRequest(request_id="good", events=[partner("acme")]),
        contract.AppendStreamRequest(request_id="bad", events=[sale("lead-1")]),
    ]
    with LedgerClient(server.address) as client:
        good, bad = client.ledger.AppendStream(iter(requests))
    assert (good.request_id, good.response.position) == ("good", 1)
    assert (bad.request_id, error_of_append(bad.error).reason) == ("bad", "UNKNOWN_ID")


def test_who_has_a_key_gets_in_and_who_has_none_is_told_why(secured: Server) -> None:
    ca = secured.file("ca.pem").read_bytes()
    for key, kind in ((secured.key("admin"), None), (None, "missing"), ("plk_0123456789ab_" + "x" * 43, "unknown_key")):
        with LedgerClient(secured.address, ca=ca, key=key) as client:
            if kind is None:
                assert client.ledger.WhoAmI(contract.WhoAmIRequest()).principal == "dev-admin"
                continue
            with pytest.raises(Unauthenticated) as refused:
                client.append([partner("acme")])
            assert refused.value.reason == "UNAUTHENTICATED"
            assert refused.value.metadata["kind"] in (kind, "malformed")


def test_a_key_may_be_exchanged_while_the_client_is_used(secured: Server) -> None:
    keys = iter([secured.key("auditor"), secured.key("admin")])
    with LedgerClient(secured.address, ca=secured.file("ca.pem").read_bytes(), key=lambda: next(keys)) as client:
        assert [client.ledger.WhoAmI(contract.WhoAmIRequest()).principal for _ in range(2)] == ["dev-auditor", "dev-admin"]


def test_who_may_not_is_told_what_is_missing(secured: Server) -> None:
    with LedgerClient(secured.address, ca=secured.file("ca.pem").read_bytes(), key=secured.key("auditor")) as client:
        with pytest.raises(PermissionDenied) as refused:
            client.append([partner("acme")])
        assert refused.value.metadata["missing"] == "role"
        with pytest.raises(PermissionDenied):
            list(client.ledger.AppendStream(iter([contract.AppendStreamRequest(events=[partner("acme")])])))


def test_a_server_with_a_certificate_of_somebody_else_is_not_believed(secured: Server) -> None:
    with LedgerClient(secured.address, key=secured.key("admin"), timeout=1.0) as client, pytest.raises(Unavailable):
        client.append([partner("acme")])


def test_the_environment_of_the_command_line_is_understood(secured: Server) -> None:
    environment = {
        "PARTNERSHIP_LEDGER_ADDRESS": f"{secured.address}, https://localhost:1",
        "PARTNERSHIP_LEDGER_CA": str(secured.file("ca.pem")),
        "PARTNERSHIP_LEDGER_KEY_FILE": str(secured.file("keys/admin")),
    }
    with LedgerClient.from_environment(environment) as client:
        assert client.append([partner("acme")]).position == 1


@pytest.mark.parametrize("address", ["http://ledger.example:50051", "ledger.example:50051", "ftp://localhost", "http://localhost/x"])
def test_addresses_that_cannot_be_called_with_a_key_are_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError):
        LedgerClient(address, key="plk_x_y")
