"""Where servers are: addresses, and which of them is called next."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
#: The most addresses that are learned from NOT_LEADER beside those that were configured.
_MOST_LEARNED = 16


@dataclass(frozen=True)
class Address:
    """The address of a server: `http://127.0.0.1:50051`, `https://ledger.example`."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str, default_scheme: str | None = None) -> Address:
        """Reads a URL, or `host:port` where a default scheme is given. Raises ValueError if it is neither."""
        whole = text if "://" in text or default_scheme is None else f"{default_scheme}://{text}"
        parts = urlsplit(whole)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(f"{text!r} is no address of a ledger: write http://HOST:PORT or https://HOST:PORT")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached by TLS."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, where nobody is on the way to read along."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def target(self) -> str:
        """`host:port`, as gRPC names it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.target}"


class Addresses:
    """The addresses of one ledger's servers, and the one that is called at present. Safe to share between threads."""

    def __init__(self, addresses: Sequence[str], *, has_key: bool) -> None:
        """Raises ValueError for no address, a malformed one, or a key that would travel unencrypted to another machine."""
        if not addresses:
            raise ValueError("a client needs an address at least")
        self._has_key = has_key
        self._known = [Address.parse(text) for text in addresses]
        self._configured = len(self._known)
        self._current = 0
        self._lock = threading.Lock()
        for address in self._known:
            if not self._may_call(address):
                raise ValueError(f"a key is not sent unencrypted to another machine: use https in place of {address}")

    def current(self) -> Address:
        """The one that is called at present."""
        with self._lock:
            return self._known[self._current]

    def __len__(self) -> int:
        with self._lock:
            return len(self._known)

    def leave(self, failed: Address) -> None:
        """Goes on to the next address, unless another thread has gone on from this one already."""
        with self._lock:
            if self._known[self._current] == failed:
                self._current = (self._current + 1) % len(self._known)

    def follow(self, leader: str, told_by: Address) -> bool:
        """Goes on to the leader that a server has named. Returns False if it cannot be called: it is malformed, the server that
        named it itself, or less protected than that one."""
        try:
            address = Address.parse(leader, told_by.scheme)
        except ValueError:
            return False
        is_weaker = told_by.is_encrypted and not address.is_encrypted
        if address == told_by or is_weaker or not self._may_call(address):
            return False
        with self._lock:
            if address not in self._known:
                if len(self._known) >= self._configured + _MOST_LEARNED:
                    del self._known[self._configured]
                self._known.append(address)
            self._current = self._known.index(address)
        return True

    def _may_call(self, address: Address) -> bool:
        return address.is_encrypted or address.is_loopback or not self._has_key
