#!/usr/bin/env python3
"""What the program proves is checked by programs of others, which have none of its code: Go's golang.org/x/mod (sumdb/note, sumdb/tlog),
@sigstore/verify of npm, pymerkle of PyPI.

    pip install grpcio grpcio-reflection googleapis-common-protos pymerkle
    run.py --program PROGRAM --node-modules DIR --go GO --goroot DIR --gopath DIR

GOPATH is where golang.org/x/mod is, as Debian's golang-golang-x-mod-dev has it: /usr/share/gocode. The ledger is asked by reflection.
"""
import argparse, base64, json, os, pathlib, re, subprocess, sys, tempfile, urllib.request, uuid

import grpc
import pymerkle
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

HERE = pathlib.Path(__file__).parent
ORIGIN = "ledger.example/outside"
# Two full tiles, one that is not, and a level above.
FIRST, LAST = 300, 700


class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        grpc.channel_ready_future(self.channel).result(timeout=30)
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))

    def __call__(self, service, name, **request):
        method = self.pool.FindServiceByName(f"partnership.ledger.v1.{service}").FindMethodByName(name)
        req, res = (message_factory.GetMessageClass(d) for d in (method.input_type, method.output_type))
        send = self.channel.unary_unary(f"/partnership.ledger.v1.{service}/{name}", request_serializer=req.SerializeToString,
                                        response_deserializer=res.FromString)
        answer = send(json_format.ParseDict(request, req(), descriptor_pool=self.pool), timeout=30)
        return json_format.MessageToDict(answer, preserving_proto_field_name=True, descriptor_pool=self.pool,
                                         always_print_fields_with_no_presence=True)


def register(client, first, last):
    events = [{"event_id": str(uuid.uuid4()), "occurred_at": "2026-01-05T09:00:00Z",
               "partner_registered": {"partner_id": f"p{n}", "display_name": f"Partner {n}", "kind": "PARTNER_KIND_RESELLER"}}
              for n in range(first, last)]
    for at in range(0, len(events), 100):
        client("LedgerService", "Append", events=events[at:at + 100])


def gather(client):
    """All that the checkers get: records, checkpoints, proofs."""
    register(client, 0, FIRST)
    early = client("AuditService", "GetCheckpoint", min_position=str(FIRST))
    register(client, FIRST, LAST)
    late = client("AuditService", "GetCheckpoint", min_position=str(LAST))
    files = [client("AuditService", "GetProof", position=str(position)) for position in range(1, LAST + 1)]
    inclusion = [client("AuditService", "GetInclusionProof", position=str(position), tree_size=str(size))
                 for position, size in [(1, 1), (1, 2), (2, 3), (256, 256), (257, 257), (300, 300), (1, 700), (513, 700), (700, 700), (77, 613)]]
    consistency = [client("AuditService", "GetConsistencyProof", first=str(first), second=str(second))
                   for first, second in [(1, 2), (2, 3), (256, 257), (300, 700), (255, 512), (512, 700), (699, 700), (700, 700)]]
    return {"vkey": late["verifier_key"], "early": early["checkpoint"], "late": late["checkpoint"], "files": files,
            "records": [file["record"] for file in files], "inclusion": inclusion, "consistency": consistency}


def check_with_pymerkle(data):
    """A tree of pymerkle's own over the same entries has the same roots and proofs, and takes ours."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for record in data["records"]:
        tree.append_entry(b"\x01" + base64.b64decode(record))
    for proof in data["inclusion"]:
        index, size = int(proof["leaf_index"]) + 1, int(proof["tree_size"])
        leaf, root = base64.b64decode(proof["leaf_hash"]), base64.b64decode(proof["root"])
        assert tree.get_leaf(index) == leaf and tree.get_root(size) == root, (index, size)
        # Its structure, with our hashes.
        shape = tree.prove_inclusion(index, size).serialize()
        shape["path"] = [digest.hex() for digest in [leaf] + [base64.b64decode(digest) for digest in proof["hashes"]]]
        pymerkle.verify_inclusion(leaf, root, pymerkle.MerkleProof.deserialize(shape), index=index, size=size)
        shape["path"][-1] = "00" * 32
        try:
            pymerkle.verify_inclusion(leaf, root, pymerkle.MerkleProof.deserialize(shape), index=index, size=size)
            raise AssertionError("pymerkle takes a wrong proof")
        except pymerkle.InvalidProof:
            pass
    for proof in data["consistency"]:
        first, second = int(proof["first"]), int(proof["second"])
        roots = [base64.b64decode(proof[name]) for name in ("first_root", "second_root")]
        # Its proofs have another shape, so it proves by its own that our roots follow each other.
        pymerkle.verify_consistency(*roots, tree.prove_consistency(first, second), prior_size=first, later_size=second)
    print("pymerkle: roots, inclusion, consistency")


def serve(program, work):
    key = f"{work}/key"
    subprocess.run([program, "checkpoint-key", "new", key, "--origin", ORIGIN], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = subprocess.Popen([program, "serve", "--data-dir", f"{work}/data", "--listen", "127.0.0.1:0", "--observe", "127.0.0.1:0",
                               "--checkpoint-key", key], stdout=subprocess.PIPE, stderr=open(f"{work}/log", "w"), text=True)
    said = [server.stdout.readline() for _ in range(3)]
    address = re.match(r"listening on (\S+)", said[0]).group(1)
    observed = re.match(r"metrics on (http://\S+)/metrics", said[2]).group(1)
    return server, address, observed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--program", "--node-modules", "--go", "--goroot", "--gopath"):
        parser.add_argument(option, required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        server, address, observed = serve(args.program, work)
        try:
            data = gather(Client(address)) | {"tiles": observed}
            served = urllib.request.urlopen(f"{observed}/checkpoint", timeout=30).read().decode()
            assert served == data["late"], "the checkpoint by HTTP is another one"
            pathlib.Path(f"{work}/data.json").write_text(json.dumps(data))
            check_with_pymerkle(data)
            subprocess.run(["node", str(HERE / "sigstore.mjs"), f"{work}/data.json", args.node_modules], check=True)
            environment = os.environ | {"GOROOT": args.goroot, "GOPATH": args.gopath, "GO111MODULE": "off", "GOFLAGS": "",
                                        "GOCACHE": f"{work}/gocache", "CGO_ENABLED": "0"}
            subprocess.run([args.go, "run", str(HERE / "go/check.go"), f"{work}/data.json"], check=True, env=environment)
        finally:
            server.terminate()
            server.wait(15)
    print("all of them take what the program proves, and refuse what was changed")


if __name__ == "__main__":
    sys.exit(main())
