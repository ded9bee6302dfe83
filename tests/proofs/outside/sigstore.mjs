// Signed checkpoints and inclusion proofs, checked by @sigstore/verify: `node sigstore.mjs DATA NODE_MODULES`.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [data, modules] = process.argv.slice(2);
const { vkey, files } = JSON.parse(readFileSync(data, "utf8"));
// Its index does not export them.
const require = createRequire(`${modules}/`);
const { verifyCheckpoint } = require(`${modules}/@sigstore/verify/dist/tlog/checkpoint.js`);
const { verifyMerkleInclusion } = require(`${modules}/@sigstore/verify/dist/tlog/merkle.js`);

const [name, id, encoded] = vkey.match(/^([^+]+)\+([0-9a-f]{8})\+(.*)$/).slice(1);
const key = Buffer.from(encoded, "base64");
if (key[0] !== 1 || key.length !== 33) throw new Error("no key of Ed25519");
const publicKey = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") } });
const logs = [{ logID: Buffer.from(id, "hex"), baseURL: `https://${name}`, publicKey }];

// A proof as a file, as that library has an entry of its log.
function entryOf(file) {
  const [head, ...rest] = file.proof.split("\n\n");
  const [, index, ...hashes] = head.split("\n");
  const inclusionProof = {
    checkpoint: { envelope: rest.join("\n\n") },
    hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
    logIndex: index.replace("index ", ""),
  };
  return { inclusionProof, canonicalizedBody: Buffer.concat([Buffer.from([1]), Buffer.from(file.record, "base64")]) };
}

function check(entry) {
  verifyMerkleInclusion(entry, verifyCheckpoint(entry, logs));
}

function refuses(entry, what) {
  try {
    check(entry);
  } catch {
    return;
  }
  throw new Error(`@sigstore/verify takes ${what}`);
}

for (const file of files) {
  check(entryOf(file));
}
const changed = entryOf(files[7]);
changed.canonicalizedBody[20] ^= 1;
refuses(changed, "a changed record");
const moved = entryOf(files[7]);
moved.inclusionProof.logIndex = "8";
refuses(moved, "another position");
const forged = entryOf(files[7]);
forged.inclusionProof.checkpoint.envelope = forged.inclusionProof.checkpoint.envelope.replace(/\n(\d+)\n/, (_, size) => `\n${size}1\n`);
refuses(forged, "a changed checkpoint");
console.log(`@sigstore/verify: ${files.length} checkpoints and inclusion proofs`);
