"""What the pages show is run as it stands, against a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from server import ROOT, Server

PAGES = {
    "README.md": "payable 99.80 USD\n",
    "proto/clients/python/README.md": "4 recorded\npayable 99.80 USD\nrefused: EXCEEDS_PAYABLE\n",
}


def example(page: str) -> str:
    """The first block of Python on a page."""
    found = re.search(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, f"{page} shows no Python"
    return found[1]


def first_events() -> str:
    """The file that the first screen makes."""
    found = re.search(r"^cat > events.jsonl <<'EOF'\n(.*?)^EOF$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("page", PAGES)
def test_the_first_example(page: str, server: Server, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(first_events())
    environment = {**os.environ, "PARTNERSHIP_LEDGER_ADDRESS": server.address}
    run = subprocess.run([sys.executable, "-c", example(page)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == (PAGES[page], "")
