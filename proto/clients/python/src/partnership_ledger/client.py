"""The client of a ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from partnership.ledger.v1.audit_service_pb2 import RecordFilter
from partnership.ledger.v1.audit_service_pb2_grpc import AuditServiceStub
from partnership.ledger.v1.events_pb2 import Event
from partnership.ledger.v1.ledger_service_pb2 import AppendRequest, AppendResponse
from partnership.ledger.v1.ledger_service_pb2_grpc import LedgerServiceStub
from partnership.ledger.v1.partnership_service_pb2_grpc import PartnershipServiceStub
from partnership.ledger.v1.webhook_service_pb2_grpc import WebhookServiceStub

from .addresses import Addresses
from .channel import LedgerChannel, Settings
from .subscription import Subscription

#: Where `serve` listens unless told otherwise.
DEFAULT_ADDRESS = "http://127.0.0.1:50051"


class LedgerClient:
    """A client of one ledger. Connections are made when they are needed. Safe to share between threads.

    Its four services are the contract's, with all of their methods and types. A call that fails because no server answers, or because
    the ledger has no room for it, is made again, at every address in turn, until its timeout; one that another server leads is made
    there. So it fails only with what the caller can do something about: a `LedgerError`.
    """

    #: Records events; says who the caller is.
    ledger: LedgerServiceStub
    #: Answers: balances, leads, agreements, payables, metrics, alerts.
    partnership: PartnershipServiceStub
    #: Shows the records themselves, and proofs.
    audit: AuditServiceStub
    #: Endpoints that records are delivered to. Its calls are not made again when it is unknown whether they were carried out.
    webhooks: WebhookServiceStub

    def __init__(
        self,
        addresses: str | Sequence[str] = DEFAULT_ADDRESS,
        *,
        ca: bytes | None = None,
        key: str | Callable[[], str] | None = None,
        client_certificate: tuple[bytes, bytes] | None = None,
        timeout: float = 60.0,
        attempt_timeout: float = 20.0,
    ) -> None:
        """Makes a client; nothing is sent yet.

        - `addresses`: of the ledger's servers, `https://HOST:PORT` or `http://HOST:PORT`.
        - `ca`: the certificate of the CA that the servers' certificates are checked by, PEM; the system's if None.
        - `key`: an API key or a token, or what returns the present one. Never sent unencrypted to another machine.
        - `client_certificate`: the client's own certificate chain and its private key, PEM.
        - `timeout`: seconds for a call with all of its attempts; each call may say otherwise by its own `timeout`.
        - `attempt_timeout`: seconds for one attempt.

        Raises ValueError for addresses that cannot be called.
        """
        several = [addresses] if isinstance(addresses, str) else addresses
        settings = Settings(ca, _callable(key), client_certificate, timeout, attempt_timeout)
        self._channel = LedgerChannel(Addresses(several, has_key=key is not None), settings)
        self.ledger = LedgerServiceStub(self._channel)
        self.partnership = PartnershipServiceStub(self._channel)
        self.audit = AuditServiceStub(self._channel)
        self.webhooks = WebhookServiceStub(self._channel)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> LedgerClient:
        """Makes a client as the command line does: PARTNERSHIP_LEDGER_ADDRESS (several with commas between them),
        PARTNERSHIP_LEDGER_CA, PARTNERSHIP_LEDGER_KEY_FILE or PARTNERSHIP_LEDGER_KEY, PARTNERSHIP_LEDGER_CLIENT_CERT and
        PARTNERSHIP_LEDGER_CLIENT_KEY."""

        def of(name: str) -> str:
            return environment.get(f"PARTNERSHIP_LEDGER_{name}", "").strip()

        certificate, its_key = of("CLIENT_CERT"), of("CLIENT_KEY")
        return cls(
            [each.strip() for each in (of("ADDRESS") or DEFAULT_ADDRESS).split(",")],
            ca=Path(of("CA")).read_bytes() if of("CA") else None,
            key=Path(of("KEY_FILE")).read_text() if of("KEY_FILE") else of("KEY") or None,
            client_certificate=(Path(certificate).read_bytes(), Path(its_key).read_bytes()) if certificate and its_key else None,
        )

    def append(self, events: Iterable[Event], *, expected_last_position: int | None = None, timeout: float | None = None) -> AppendResponse:
        """Records events, all of them or none, and returns what became of each once they are durable.

        Each event carries an id of the caller's choice. Sent again with the same content, also after a crash of the caller, it is
        recorded once and answered as before.
        """
        request = AppendRequest(events=events, expected_last_position=expected_last_position)
        return self.ledger.Append(request, timeout=timeout)

    def subscribe(
        self, after_position: int = 0, *, filter: RecordFilter | None = None, give_up_after: float | None = None
    ) -> Subscription:
        """Follows what is recorded after a position; 0 is the beginning.

        - `filter`: which records; all if None.
        - `give_up_after`: seconds without an answer after which the failure is raised. None: a ledger that has answered once is
          waited for without end, and one that never did for the client's `timeout`.
        """
        return Subscription(self._channel, after_position, filter, give_up_after)

    def close(self) -> None:
        """Ends all calls, subscriptions and connections."""
        self._channel.close()

    def __enter__(self) -> LedgerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _callable(key: str | Callable[[], str] | None) -> Callable[[], str] | None:
    return (lambda: key) if isinstance(key, str) else key
