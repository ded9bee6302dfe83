"""When a failed call is made again, where, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

import grpc

from .addresses import Address, Addresses
from .errors import LedgerError, Unavailable


@dataclass
class Backoff:
    """Pauses that double, each at random up to half shorter, so that clients do not come again all at once."""

    #: The first pause, in seconds.
    first: float = 0.1
    #: The longest pause, in seconds.
    longest: float = 5.0
    _next: float = 0.0

    def next(self) -> float:
        """The next pause, in seconds."""
        self._next = min(max(2 * self._next, self.first), self.longest)
        return self._next * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begins with the first pause again."""
        self._next = 0.0


class Retries:
    """What becomes of the failures of one call: raised, or tried again here or elsewhere."""

    def __init__(self, addresses: Addresses, *, is_repeatable: bool) -> None:
        self._addresses = addresses
        self._is_repeatable = is_repeatable
        self._backoff = Backoff()
        self._tried_since_pause = 0

    def succeeded(self) -> None:
        """Forgets earlier failures: a stream has delivered something."""
        self._backoff.reset()
        self._tried_since_pause = 0

    def wait_after(self, failure: LedgerError, address: Address) -> float | None:
        """Chooses the address to call next, and returns the seconds to wait before; None if the failure is final."""
        self._tried_since_pause += 1
        if failure.reason == "NOT_LEADER":
            # Nothing was done, so this can be repeated whatever it is.
            if not self._addresses.follow(failure.metadata.get("leader", ""), address):
                self._addresses.leave(address)
            return self._pause_after_all()
        if failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            if failure.retry_after is None:
                return None
            return failure.retry_after + self._backoff.next()
        is_cut = failure.code is grpc.StatusCode.CANCELLED and not failure.reason
        if self._is_repeatable and (isinstance(failure, Unavailable) or is_cut):
            self._addresses.leave(address)
            return self._pause_after_all()
        return None

    def _pause_after_all(self) -> float:
        """No pause while there are addresses that have not been tried since the last one."""
        if self._tried_since_pause < len(self._addresses):
            return 0.0
        self._tried_since_pause = 0
        return self._backoff.next()
