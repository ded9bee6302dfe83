"""A database for servers that share a ledger: PostgreSQL as Debian installs it, in a directory of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_USER = "postgres"


@contextmanager
def postgres() -> Iterator[str]:
    """Starts it; yields its address for `serve --store`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert programs, "PostgreSQL is not installed: apt-get install postgresql"
    # It refuses to be root's.
    before = ["runuser", "-u", _USER, "--"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="ledger-postgres-") as folder, socket.socket() as reserved:
        if before:
            shutil.chown(folder, _USER)
        data = f"{folder}/data"

        def run(program: str, *options: str) -> None:
            command = [*before, str(programs[-1].with_name(program)), *options, "-D", data]
            quiet = subprocess.DEVNULL
            subprocess.run(command, check=True, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/")

        run("initdb", "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        reserved.close()
        run("pg_ctl", "start", "-s", "-w", "-o", f"-p {port} -h 127.0.0.1 -k ''")
        try:
            yield f"postgres://{_USER}@127.0.0.1:{port}/postgres?sslmode=disable"
        finally:
            run("pg_ctl", "stop", "-s", "-m", "immediate")
