#!/usr/bin/env python3
"""Foreign clients get in as they should and are kept out as they should: a gRPC client in Python, over TLS, with an API key and with
tokens of a real issuer (`oidc-provider`).

    pip install grpcio grpcio-reflection googleapis-common-protos
    npm install oidc-provider
    run.py --program target/debug/partnership-ledger --provider node_modules/oidc-provider/lib/index.js
"""
import argparse, base64, json, os, pathlib, subprocess, sys, tempfile, urllib.parse, urllib.request

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

HERE = pathlib.Path(__file__).parent
AUDIENCE = "https://ledger.example"


class Client:
    """A client that knows nothing but reflection, and says who calls in each call."""

    def __init__(self, port, ca, credential):
        secured = grpc.ssl_channel_credentials(root_certificates=ca)
        if credential:
            secured = grpc.composite_channel_credentials(secured, grpc.access_token_call_credentials(credential))
        self.channel = grpc.secure_channel(f"localhost:{port}", secured)

    def call(self, method, request):
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))
        service, name = method.rsplit("/", 1)
        found = pool.FindServiceByName(f"partnership.ledger.v1.{service}").FindMethodByName(name)
        req, res = (message_factory.GetMessageClass(d) for d in (found.input_type, found.output_type))
        send = self.channel.unary_unary(
            f"/partnership.ledger.v1.{service}/{name}", request_serializer=req.SerializeToString, response_deserializer=res.FromString
        )
        return json_format.MessageToDict(send(json_format.ParseDict(request, req()), timeout=30), preserving_proto_field_name=True)

    def asked_at_once(self, method):
        """The name of the status of an empty request, without asking reflection first."""
        same = lambda message: message
        send = self.channel.unary_unary(f"/partnership.ledger.v1.{method}", request_serializer=same, response_deserializer=same)
        try:
            send(b"", timeout=30)
            return "OK"
        except grpc.RpcError as error:
            return error.code().name

    def outcome(self, method, request):
        """The answer, or the name of the status."""
        try:
            return self.call(method, request)
        except grpc.RpcError as error:
            return error.code().name


def token_of(issuer, **more):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", **more}).encode()
    secret = urllib.parse.quote("a secret of the issuer's, not of the ledger's", safe="")
    request = urllib.request.Request(f"{issuer}/token", body)
    request.add_header("authorization", "Basic " + base64.b64encode(f"billing:{secret}".encode()).decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def lines_of(command, **options):
    """Starts a process; returns it and its first line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)
    return process, process.stdout.readline().strip()


def check(what, got, want):
    if got != want:
        sys.exit(f"{what}: want {want!r}, got {got!r}")
    print(f"ok  {what}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--provider", required=True)
    options = arguments.parse_args()
    environment = os.environ | {"PROVIDER": str(pathlib.Path(options.provider).resolve())}
    issuing, issuer = lines_of(["node", str(HERE / "issuer.mjs")], env=environment)
    directory = pathlib.Path(tempfile.mkdtemp())
    serving = None
    try:
        # The files of `serve --dev`, with the issuer put into its access file.
        serving, _ = lines_of([options.program, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", str(directory)])
        serving.terminate()
        serving.wait()
        dev = directory / "dev"
        access = dev / "access.toml"
        access.write_text(
            f"""[[issuer]]
name = "id"
issuer = "{issuer}"
audience = "{AUDIENCE}"
keys = "{issuer}/jwks"

[[principal]]
name = "billing"
roles = ["finance"]
[[principal.claim]]
issuer = "id"
claim = "client_id"
value = "billing"

"""
            + access.read_text()
        )
        log = directory / "access.log"
        command = [options.program, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", str(directory)]
        serving, listening = lines_of(command + ["--access-log", str(log), "--access-log-required"])
        port, ca = listening.rsplit(":", 1)[1], (dev / "ca.pem").read_bytes()
        admin = (dev / "keys" / "admin").read_text().strip()

        check("an API key gets in", Client(port, ca, admin).call("LedgerService/WhoAmI", {})["principal"], "dev-admin")
        good = token_of(issuer)
        who = Client(port, ca, good).call("LedgerService/WhoAmI", {})
        check("a token gets in as the principal of its claims", (who["principal"], who["authentication"]), ("billing", "AUTHENTICATION_TOKEN"))
        check("it reads what its role reads", Client(port, ca, good).call("PartnershipService/ListBalances", {}), {})
        check("and no more", Client(port, ca, good).outcome("AuditService/StreamBackup", {}), "PERMISSION_DENIED")
        other = token_of(issuer, resource="https://another.example")
        check("a token for another audience is kept out", Client(port, ca, other).asked_at_once("LedgerService/WhoAmI"), "UNAUTHENTICATED")
        header, claims, signature = good.split(".")
        changed = ("B" if signature[9] == "A" else "A") + signature[10:]
        forged = ".".join([header, claims, signature[:9] + changed])
        check("a token whose signature is forged is kept out", Client(port, ca, forged).asked_at_once("LedgerService/WhoAmI"), "UNAUTHENTICATED")
        check("nobody gets in without a credential", Client(port, ca, None).asked_at_once("LedgerService/WhoAmI"), "UNAUTHENTICATED")
        check("nobody is told the contract without a credential", Client(port, ca, None).outcome("LedgerService/WhoAmI", {}), "UNAUTHENTICATED")

        issuing.terminate()
        issuing.wait()
        check("while the issuer is away its tokens stay good", Client(port, ca, good).call("LedgerService/WhoAmI", {})["principal"], "billing")

        lines = [json.loads(line) for line in log.read_text().splitlines()]
        logged = {(line.get("principal"), line["authentication"], line["decision"], line.get("kind")) for line in lines}
        wanted = {
            ("dev-admin", "api_key", "allowed", None),
            ("billing", "token", "allowed", None),
            ("billing", "token", "refused", "role"),
            (None, "unauthenticated", "refused", "audience"),
            (None, "unauthenticated", "refused", "signature"),
            (None, "unauthenticated", "refused", "missing"),
        }
        check("the access log has a line of each", wanted - logged, set())
        text = log.read_text()
        secrets = [admin, good, other, forged]
        check("and no credential", [secret for secret in secrets if secret in text or secret.split(".")[-1] in text], [])
    finally:
        for process in (issuing, serving):
            if process:
                process.kill()


if __name__ == "__main__":
    main()
