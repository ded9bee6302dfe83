"""A client of the partnership ledger. Begin with `LedgerClient`; messages are in `partnership_ledger.contract`."""

from .client import LedgerClient
from .errors import (
    LedgerError,
    Malformed,
    Overloaded,
    PermissionDenied,
    Rejected,
    Unauthenticated,
    Unavailable,
    UnknownId,
    Violation,
    error_of_append,
)
from .subscription import Subscription
from .times import timestamp

__all__ = [
    "LedgerClient",
    "LedgerError",
    "Malformed",
    "Overloaded",
    "PermissionDenied",
    "Rejected",
    "Subscription",
    "Unauthenticated",
    "Unavailable",
    "UnknownId",
    "Violation",
    "error_of_append",
    "timestamp",
]
