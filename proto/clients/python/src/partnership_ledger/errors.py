"""What a call can fail with: the ledger's refusals with reason and particulars, or that it could not be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from partnership.ledger.v1.ledger_service_pb2 import AppendError

#: The domain of the ledger's own ErrorInfo; an error without one comes of the connection or of something on the way.
DOMAIN: Final = "partnership-ledger"


@dataclass(frozen=True)
class Violation:
    """A bad field of a request."""

    #: Its path: `events[3].sale_recorded.amount.currency_code`.
    field: str
    #: What is wrong with it, for a person to read.
    description: str


class LedgerError(Exception):
    """A call failed. The subclasses say what that means for the caller."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{reason or code.name}: {message}")
        #: The gRPC status code.
        self.code = code
        #: What happened, for a person to read.
        self.message = message
        #: The rule that refused, or why the ledger cannot answer: `EXCEEDS_PAYABLE`, `MALFORMED`, `OVERLOADED`. Empty if the error
        #: is not the ledger's own.
        self.reason = reason
        #: The particulars by name, as the rule gives them.
        self.metadata: dict[str, str] = dict(metadata or {})
        #: Every bad field, if the request is malformed.
        self.violations = tuple(violations)
        #: Seconds after which to try again, if the ledger says so.
        self.retry_after = retry_after

    @property
    def event_index(self) -> int | None:
        """Which event of the request was refused, from 0; None if it was not one alone."""
        index = self.metadata.get("event_index", "")
        return int(index) if index.isdecimal() else None


class Rejected(LedgerError):
    """The ledger decided against the request, and nothing of it was recorded. Sent again it will be refused again, until something
    else has changed: an agreement signed, a commission become payable."""


class Malformed(Rejected):
    """Fields of the request are bad or it is too large: `violations` names every one."""


class UnknownId(Rejected):
    """The request names an id that the ledger does not know, or that is not the caller's to see."""


class Unauthenticated(LedgerError):
    """The ledger does not know who calls: `metadata["kind"]` says why."""


class PermissionDenied(LedgerError):
    """The caller is known and may not do that: `metadata["missing"]` says what it lacks."""


class Overloaded(LedgerError):
    """The ledger has no room for the request, or the caller has reached its own limit, and both stayed so for as long as was tried."""


class Unavailable(LedgerError):
    """No answer of the ledger came within the time that was given. Whether an append was recorded is not known: send the same events with
    the same ids again, and they are recorded once."""


_CLASSES: Final[Mapping[grpc.StatusCode, type[LedgerError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Malformed,
    grpc.StatusCode.OUT_OF_RANGE: Malformed,
    grpc.StatusCode.NOT_FOUND: UnknownId,
    grpc.StatusCode.ALREADY_EXISTS: Rejected,
    grpc.StatusCode.FAILED_PRECONDITION: Rejected,
    grpc.StatusCode.ABORTED: Rejected,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unavailable,
}
#: Codes that a connection which fails or is cut can end in, if the ledger itself has not given them.
_CUT: Final = frozenset(
    {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.ABORTED, grpc.StatusCode.DATA_LOSS}
)
_CODES: Final[Mapping[int, grpc.StatusCode]] = {code.value[0]: code for code in grpc.StatusCode}


def error_of(error: grpc.RpcError) -> LedgerError:
    """Returns what a call failed with, with the details of its status."""
    code = error.code()
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in _details(error):
        for message in (info, bad, retry):
            detail.Unpack(message)
    is_own = info.domain == DOMAIN
    kind = Unavailable if code in _CUT and not is_own else _CLASSES.get(code, LedgerError)
    return kind(
        code,
        error.details() or "",
        reason=info.reason if is_own else "",
        metadata=info.metadata if is_own else None,
        violations=[Violation(each.field, each.description) for each in bad.field_violations],
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None,
    )


def error_of_append(error: AppendError) -> LedgerError:
    """Returns the refusal of one request on a stream of appends, or of one event of a preview, as Append would have raised it."""
    code = _CODES.get(error.code, grpc.StatusCode.UNKNOWN)
    return _CLASSES.get(code, LedgerError)(
        code,
        error.message,
        reason=error.reason,
        metadata=error.metadata,
        violations=[Violation(each.field, each.description) for each in error.field_violations],
        retry_after=error.retry_delay.ToTimedelta().total_seconds() if error.HasField("retry_delay") else None,
    )


def _details(error: grpc.RpcError) -> Sequence[any_pb2.Any]:
    if not isinstance(error, grpc.Call):
        return ()
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        # Details that contradict the status are not the ledger's.
        return ()
    return () if status is None else status.details
