"""A gRPC channel to one ledger at several addresses, for the generated stubs: each call says who calls, is made again when the
server is away, follows the leader, and fails with a `LedgerError`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar

import grpc

from .addresses import Address, Addresses
from .errors import Unavailable, error_of
from .retries import Retries

Request = TypeVar("Request")
Response = TypeVar("Response")
Metadata = tuple[tuple[str, str | bytes], ...]

if TYPE_CHECKING:
    _UnaryUnary = grpc.UnaryUnaryMultiCallable[Any, Any]
    _UnaryStream = grpc.UnaryStreamMultiCallable[Any, Any]
    _StreamStream = grpc.StreamStreamMultiCallable[Any, Any]
else:
    # These are generic in the eyes of a type checker alone.
    _UnaryUnary, _UnaryStream, _StreamStream = grpc.UnaryUnaryMultiCallable, grpc.UnaryStreamMultiCallable, grpc.StreamStreamMultiCallable

_OPTIONS: Final = (
    # A server that does not answer HTTP/2 pings is away: its connection is given up within 30 s.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Connecting again waits about as long as calls do before they are made again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Retries are made here, where several addresses are known.
    ("grpc.enable_retries", 0),
    ("grpc.primary_user_agent", "partnership-ledger-python"),
)
#: The service whose calls are not made again when it is unknown whether they were carried out: adding an endpoint twice is an error.
_NOT_REPEATABLE: Final = "/partnership.ledger.v1.WebhookService/"


@dataclass(frozen=True)
class Settings:
    """How a channel reaches the ledger."""

    #: The certificate of the CA by which the servers' certificates are checked, PEM; the system's if None.
    ca: bytes | None = None
    #: Returns the API key or token to send; None for none.
    key: Callable[[], str] | None = field(default=None, repr=False)
    #: The client's certificate chain and its private key, PEM.
    client_certificate: tuple[bytes, bytes] | None = field(default=None, repr=False)
    #: Seconds for a call with all of its attempts, unless the call says otherwise.
    timeout: float = 60.0
    #: Seconds for one attempt of a call.
    attempt_timeout: float = 20.0


class LedgerChannel(grpc.Channel):
    """A channel to whichever server of a ledger answers. Connections are made when they are needed. Safe to share between threads."""

    def __init__(self, addresses: Addresses, settings: Settings) -> None:
        self.addresses = addresses
        self.settings = settings
        self._channels: dict[Address, grpc.Channel] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def channel_to(self, address: Address) -> grpc.Channel:
        """The connection to a server. Raises Unavailable once this channel is closed."""
        with self._lock:
            if self._closed.is_set():
                raise _closed()
            if address not in self._channels:
                self._channels[address] = self._connect(address)
            return self._channels[address]

    def _connect(self, address: Address) -> grpc.Channel:
        if not address.is_encrypted:
            return grpc.insecure_channel(address.target, _OPTIONS)
        key, chain = (None, None) if self.settings.client_certificate is None else reversed(self.settings.client_certificate)
        return grpc.secure_channel(address.target, grpc.ssl_channel_credentials(self.settings.ca, key, chain), _OPTIONS)

    def metadata(self, given: Metadata | None) -> Metadata:
        """What is sent with a call: what the caller gives, and who calls."""
        key = self.settings.key
        return (*(given or ()), *(() if key is None else (("authorization", f"Bearer {key().strip()}"),)))

    def wait(self, seconds: float) -> None:
        """Waits before a call is made again. Raises Unavailable if the channel is closed meanwhile."""
        if self._closed.wait(seconds):
            raise _closed()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def close(self) -> None:
        """Ends all calls and connections."""
        with self._lock:
            self._closed.set()
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()

    def unary_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, _registered_method: bool | None = False
    ) -> grpc.UnaryUnaryMultiCallable[Any, Any]:
        """A method with one request and one answer."""
        return _Unary(_Method(self, method, request_serializer, response_deserializer))

    def unary_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, _registered_method: bool | None = False
    ) -> grpc.UnaryStreamMultiCallable[Any, Any]:
        """A method with one request and a stream of answers."""
        return _Streaming(_Method(self, method, request_serializer, response_deserializer))

    def stream_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, _registered_method: bool | None = False
    ) -> grpc.StreamStreamMultiCallable[Any, Any]:
        """A method with streams both ways. It is not made again: what of its requests was carried out is known to its caller alone."""
        return _BothStreaming(_Method(self, method, request_serializer, response_deserializer))

    def stream_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, _registered_method: bool | None = False
    ) -> NoReturn:
        """The contract has no such method."""
        raise NotImplementedError(method)

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False) -> NoReturn:
        """A channel to several servers has no state of its own."""
        raise NotImplementedError("the states of connections are not told; a call says whether the ledger answers")

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Nobody is subscribed."""

    def __enter__(self) -> LedgerChannel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _closed() -> Unavailable:
    return Unavailable(grpc.StatusCode.CANCELLED, "the client is closed")


@dataclass(frozen=True)
class _Method:
    """A method of the contract on whichever server answers."""

    channel: LedgerChannel
    name: str
    serializer: Callable[[Any], bytes] | None
    deserializer: Callable[[bytes], Any] | None

    def retried(self, attempt: Callable[[Address, float], Response], timeout: float | None) -> Response:
        """Makes attempts, each with its seconds, until one succeeds, the failure is final, or `timeout` seconds have passed."""
        settings = self.channel.settings
        deadline = time.monotonic() + (settings.timeout if timeout is None else timeout)
        retries = Retries(self.channel.addresses, is_repeatable=not self.name.startswith(_NOT_REPEATABLE))
        while True:
            address = self.channel.addresses.current()
            try:
                return attempt(address, max(0.0, min(deadline - time.monotonic(), settings.attempt_timeout)))
            except grpc.RpcError as error:
                if self.channel.is_closed:
                    raise _closed() from error
                failure = error_of(error)
                wait = retries.wait_after(failure, address)
                if wait is None or time.monotonic() + wait >= deadline:
                    raise failure from error
            self.channel.wait(wait)


class _Unary(_UnaryUnary):
    def __init__(self, method: _Method) -> None:
        self._method = method

    def __call__(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        return self.with_call(request, timeout, metadata, credentials, wait_for_ready, compression)[0]

    def with_call(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> tuple[Any, grpc.Call]:
        method = self._method

        def attempt(address: Address, seconds: float) -> tuple[Any, grpc.Call]:
            call = method.channel.channel_to(address).unary_unary(method.name, method.serializer, method.deserializer)
            return call.with_call(request, seconds, method.channel.metadata(metadata), credentials, wait_for_ready, compression)

        return method.retried(attempt, timeout)

    def future(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("calls wait for their answer; make them on a thread of their own")


class _Streaming(_UnaryStream):
    """Made again until the first answer has come; what comes after it cannot be repeated without its caller."""

    def __init__(self, method: _Method) -> None:
        self._method = method

    def __call__(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        method = self._method

        def attempt(address: Address, _: float) -> Responses[Any]:
            call = method.channel.channel_to(address).unary_stream(method.name, method.serializer, method.deserializer)
            # Its deadline would end the stream, however well it goes.
            answers = call(request, timeout, method.channel.metadata(metadata), credentials, wait_for_ready, compression)
            return Responses(answers, first=[*_first(answers)])

        return method.retried(attempt, timeout)


class _BothStreaming(_StreamStream):
    def __init__(self, method: _Method) -> None:
        self._method = method

    def __call__(
        self,
        request_iterator: Iterable[Any],
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:
        method, channel = self._method, self._method.channel
        call = channel.channel_to(channel.addresses.current()).stream_stream(method.name, method.serializer, method.deserializer)
        answers = call(iter(request_iterator), timeout, channel.metadata(metadata), credentials, wait_for_ready, compression)
        return Responses(answers)


def _first(answers: Iterator[Response]) -> Iterator[Response]:
    """The first answer, if there is one."""
    for answer in answers:
        yield answer
        return


class Responses(Generic[Response], Iterator[Response]):
    """The answers of a stream, which fails with a `LedgerError`. All else that the call knows is asked of it."""

    def __init__(self, call: Any, first: Sequence[Response] = ()) -> None:
        self._call = call
        self._first = list(first)

    def __next__(self) -> Response:
        if self._first:
            return self._first.pop()
        try:
            answer: Response = next(self._call)
        except grpc.RpcError as error:
            raise error_of(error) from error
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

