"""Following what is recorded, over lost connections and restarts of the server."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Protocol

import grpc

from partnership.ledger.v1.audit_service_pb2 import RecordFilter, SubscribeRequest, SubscribeResponse
from partnership.ledger.v1.audit_service_pb2_grpc import AuditServiceStub
from partnership.ledger.v1.records_pb2 import Record

from .channel import LedgerChannel
from .errors import LedgerError, Unavailable, error_of
from .retries import Retries

_log = logging.getLogger("partnership_ledger")


class _Call(Protocol):
    """A call under way."""

    def __next__(self) -> SubscribeResponse: ...

    def cancel(self) -> bool: ...


class Subscription(Iterator[SubscribeResponse]):
    """The answers of `AuditService.Subscribe`, one after the other, with nothing twice and nothing missing.

    When the connection is lost or the server is restarted it subscribes again from its last position. `caught_up` comes once.
    It ends by `close`, also from another thread, or with a `LedgerError` that waiting does not cure: a right that was taken away,
    or `POSITION_NOT_REACHED`, when the ledger has fewer records than were delivered.
    """

    def __init__(self, channel: LedgerChannel, after_position: int, filter: RecordFilter | None, give_up_after: float | None) -> None:
        self._channel = channel
        self._filter = filter
        self._give_up_after = give_up_after
        self._position = after_position
        self._retries = Retries(channel.addresses, is_repeatable=True)
        self._call: _Call | None = None
        self._address = channel.addresses.current()
        self._has_begun = False
        self._is_caught_up = False
        self._is_closed = False
        self._heard = time.monotonic()

    @property
    def position(self) -> int:
        """The position of the answer that was delivered last: where to subscribe from after a restart of the subscriber, once it has
        handled that answer."""
        return self._position

    @property
    def is_caught_up(self) -> bool:
        """Whether all that was recorded when the subscription began has been delivered."""
        return self._is_caught_up

    def records(self) -> Iterator[Record]:
        """The records alone. Who is interrupted subscribes again after the position of the last record that it has handled."""
        for answer in self:
            yield from answer.records.records

    def close(self) -> None:
        """Ends the subscription: the iteration stops."""
        self._is_closed = True
        call = self._call
        if call is not None:
            call.cancel()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> SubscribeResponse:
        while not self._is_closed:
            try:
                answer = next(self._opened())
            except StopIteration:
                # The ledger ends no subscription without saying why: something on the way did.
                self._recover(Unavailable(grpc.StatusCode.UNAVAILABLE, "the stream ended"))
            except grpc.RpcError as error:
                self._recover(error_of(error))
            else:
                self._retries.succeeded()
                self._has_begun, self._heard = True, time.monotonic()
                self._position = answer.position
                if not self._is_told_before(answer):
                    return answer
        raise StopIteration

    def _opened(self) -> _Call:
        """The call under way, or a new one that goes on behind the last position."""
        if self._call is None:
            self._address = self._channel.addresses.current()
            subscribe = AuditServiceStub(self._channel.channel_to(self._address)).Subscribe
            request = SubscribeRequest(after_position=self._position, filter=self._filter)
            self._call = subscribe(request, metadata=self._channel.metadata(None))
            if self._is_closed:
                self._call.cancel()
        return self._call

    def _is_told_before(self, answer: SubscribeResponse) -> bool:
        """Whether it is a `caught_up` of a call that goes on for an earlier one."""
        if not answer.HasField("caught_up"):
            return False
        was_caught_up, self._is_caught_up = self._is_caught_up, True
        return was_caught_up

    def _recover(self, failure: LedgerError) -> None:
        """Waits before the next call. Raises the failure if there is none to be made, nothing if the subscription was closed."""
        self._call = None
        if self._is_closed:
            return
        wait = self._retries.wait_after(failure, self._address)
        limit = self._give_up_after
        if limit is None and not self._has_begun:
            # A ledger that never answered need not be there at all.
            limit = self._channel.settings.timeout
        if wait is None or (limit is not None and time.monotonic() + wait - self._heard >= limit):
            raise failure
        _log.info("subscribing again after position %d in %.1f s: %s", self._position, wait, failure)
        self._channel.wait(wait)
