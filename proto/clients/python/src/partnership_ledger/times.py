"""Times of the contract."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(time: str | datetime) -> Timestamp:
    """Returns a time as the contract has it: of RFC 3339 (`2026-01-05T09:00:00Z`), or of a datetime that knows its time zone.

    Raises ValueError for others: a time without a zone is no instant.
    """
    stamp = Timestamp()
    if isinstance(time, str):
        stamp.FromJsonString(time)
    elif time.utcoffset() is None:
        raise ValueError(f"{time.isoformat()} has no time zone: write timezone.utc, or the zone that is meant")
    else:
        stamp.FromDatetime(time)
    return stamp
