"""A server that answers every call with one status: what followers and servers that are away say, as the contract has it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status


@dataclass
class Refusing(grpc.GenericRpcHandler):
    """Refuses, and counts."""

    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    address: str = ""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        self.calls.append(handler_call_details.method.rsplit("/", 1)[1])
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def _refuse(self, _: bytes, context: grpc.ServicerContext) -> bytes:
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.ErrorInfo(reason=self.reason, domain="partnership-ledger", metadata=self.metadata))
        status = status_pb2.Status(code=self.code.value[0], message="refused", details=[detail])
        context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("abort raises")


@contextmanager
def refusing(code: grpc.StatusCode, reason: str, **metadata: str) -> Iterator[Refusing]:
    """Serves refusals on a port of the system's choice."""
    handler = Refusing(code, reason, metadata)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), handlers=[handler])
    handler.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield handler
    finally:
        server.stop(grace=None).wait()
