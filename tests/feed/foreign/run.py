#!/usr/bin/env python3
"""Deliveries are checked by the libraries of Standard Webhooks, which are not ours: `standardwebhooks` of PyPI and of npm take the
signatures `v1`, also while the secret is exchanged, and refuse what was changed, is old, or is signed with another secret; `cryptography`
and node's own crypto take the signatures `v1a` by the public key.

    pip install standardwebhooks cryptography
    npm install standardwebhooks
    run.py --program target/debug/partnership-ledger --npm node_modules
"""
import argparse, base64, http.server, json, os, pathlib, subprocess, sys, tempfile, threading, time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

HERE = pathlib.Path(__file__).parent
NAMES = ["webhook-id", "webhook-timestamp", "webhook-signature"]


class Receiver(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Receiver.got.append(({name: self.headers[name] for name in NAMES}, body, self.headers["content-type"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Ledger:
    """A server of the program, and its command line."""

    def __init__(self, program, directory):
        self.program, self.address = program, None
        command = [program, "serve", "--data-dir", directory, "--listen", "127.0.0.1:0", "--webhook-allow", "127.0.0.1/32"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip().removeprefix("listening on ")

    def ask(self, *words, stdin=None):
        environment = {**os.environ, "PARTNERSHIP_LEDGER_ADDRESS": f"http://{self.address}"}
        done = subprocess.run([self.program, *words], input=stdin, capture_output=True, text=True, env=environment, timeout=60)
        if done.returncode:
            sys.exit(f"{words}: {done.stderr}")
        return done.stdout.strip()

    def register(self, number):
        event = {
            "event_id": f"00000000-0000-4000-8000-{number:012}",
            "occurred_at": "2026-01-05T09:00:00Z",
            "partner_registered": {"partner_id": f"p-{number}", "display_name": "พันธมิตร", "kind": "PARTNER_KIND_RESELLER"},
        }
        self.ask("append", stdin=json.dumps(event, ensure_ascii=False))


def await_delivery(count):
    begun = time.monotonic()
    while len(Receiver.got) < count:
        if time.monotonic() - begun > 60:
            sys.exit(f"{len(Receiver.got)} of {count} deliveries came")
        time.sleep(0.02)
    return Receiver.got[count - 1]


def refused(secret, headers, body):
    """Whether the Python library refuses a delivery."""
    try:
        Webhook(secret).verify(body, headers)
        return False
    except WebhookVerificationError:
        return True


def check_python(headers, body, secrets, others):
    for secret in secrets:
        assert Webhook(secret).verify(body, headers)[0]["specversion"] == "1.0"
        assert refused(secret, headers, body.replace(b"p-", b"q-")), "a body that was changed"
        old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)}
        assert refused(secret, old, body), "an old delivery"
        assert refused(secret, {**headers, "webhook-id": "another"}, body), "another message's id"
    for secret in others:
        assert refused(secret, headers, body), "another secret"


def check_ed25519(headers, body, keys):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signatures = [base64.b64decode(text.split(",")[1]) for text in headers["webhook-signature"].split() if text.startswith("v1a,")]
    assert len(signatures) == len(keys)
    for key in keys:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        assert any(takes(public, signature, signed) for signature in signatures), "no signature of the key"
        assert not any(takes(public, signature, signed + b" ") for signature in signatures), "a body that was changed"


def takes(public, signature, signed):
    try:
        public.verify(signature, signed)
        return True
    except InvalidSignature:
        return False


def check_node(npm, headers, body, secrets, others, keys):
    case = {"headers": headers, "body": body.decode(), "secrets": secrets, "others": others, "keys": keys}
    environment = {**os.environ, "NODE_PATH": str(pathlib.Path(npm).resolve())}
    done = subprocess.run(["node", HERE / "verify.cjs"], input=json.dumps(case), capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    options.add_argument("--npm", required=True, help="where node_modules are")
    options = options.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        ledger = Ledger(options.program, directory)
        try:
            secret = ledger.ask("webhooks", "add", "crm", f"http://127.0.0.1:{server.server_port}/hook", "--after", "0")
            key = lambda: json.loads(ledger.ask("webhooks", "list", "--json"))["public_key"]
            first = key()
            ledger.register(1)
            headers, body, media_type = await_delivery(1)
            assert media_type.startswith("application/cloudevents-batch+json"), media_type
            other = "whsec_" + base64.b64encode(bytes(32)).decode()
            check_python(headers, body, [secret], [other])
            check_ed25519(headers, body, [first])
            check_node(options.npm, headers, body, [secret], [other], [first])
            new = ledger.ask("webhooks", "rotate", "crm", "--overlap", "3600")
            ledger.register(2)
            headers, body, _ = await_delivery(2)
            check_python(headers, body, [secret, new], [other])
            check_ed25519(headers, body, [first, key()])
            check_node(options.npm, headers, body, [secret, new], [other], [first, key()])
        finally:
            ledger.process.terminate()
            ledger.process.wait()
    print("standardwebhooks of PyPI and npm take the deliveries, and refuse what was changed")


main()
