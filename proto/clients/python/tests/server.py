"""Servers for the tests: the program itself, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[4]
#: The program: a debug build unless the environment names another.
PROGRAM = Path(os.environ.get("PARTNERSHIP_LEDGER_PROGRAM", ROOT / "target/debug/partnership-ledger")).resolve()


class Server:
    """A ledger in a directory of its own. After a kill it starts again at the same address."""

    def __init__(self, *options: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="ledger-client-")
        self.directory = Path(self._directory.name)
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    def start(self) -> Server:
        """Starts it, and returns when it serves."""
        assert PROGRAM.is_file(), f"{PROGRAM} is not there: cargo build, or set PARTNERSHIP_LEDGER_PROGRAM"
        command: list[str | Path] = [PROGRAM, "serve", "--listen", f"127.0.0.1:{self._port}", "--data-dir", self.directory, *self._options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"RUST_LOG": "error"})
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), process.stderr.read()
        self._port = int(line.rsplit(":", 1)[1])
        self._process = process
        return self

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"https://localhost:{self._port}" if "--dev" in self._options else f"http://127.0.0.1:{self._port}"

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.tell(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def tell(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def file(self, name: str) -> Path:
        """One of the files that `serve --dev` makes."""
        return self.directory / "dev" / name

    def key(self, role: str) -> str:
        """The key of a role that `serve --dev` makes."""
        return self.file(f"keys/{role}").read_text()

    def end(self) -> None:
        """Ends it and removes its directory."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._directory.cleanup()
