// Checks a delivery, which comes as JSON on the standard input, by `standardwebhooks` of npm and by node's own Ed25519.
const assert = require("node:assert");
const { createPublicKey, verify } = require("node:crypto");
const { Webhook } = require("standardwebhooks");

const { headers, body, secrets, others, keys } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
for (const secret of secrets) {
  assert.strictEqual(new Webhook(secret).verify(body, headers)[0].specversion, "1.0");
  assert.throws(() => new Webhook(secret).verify(body.replace("p-", "q-"), headers), "a body that was changed");
}
for (const secret of others) assert.throws(() => new Webhook(secret).verify(body, headers), "another secret");

const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
const signatures = headers["webhook-signature"].split(" ").filter((text) => text.startsWith("v1a,"));
for (const key of keys) {
  const x = Buffer.from(key.replace("whpk_", ""), "base64").toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  assert(signatures.some((text) => verify(null, signed, publicKey, Buffer.from(text.slice(4), "base64"))), "no signature of the key");
}
