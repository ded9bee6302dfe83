// Refusals come as errors with the rule's reason and particulars.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LedgerClient,
  Malformed,
  PermissionDenied,
  Rejected,
  Unauthenticated,
  Unavailable,
  UnknownId,
  errorOfAppend,
} from "../src/index.js";
import { WHEN, partner, sale } from "./events.js";
import { failure, using } from "./outcomes.js";
import { withServer } from "./server.js";

test("a rule that refuses is named with its particulars", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const event = partner("acme");
      await client.append([event]);
      const other = { ...partner("globex"), eventId: event.eventId };
      const refused = await failure(Rejected, client.append([other]));
      assert.equal(refused.reason, "EVENT_ID_REUSED");
      assert.equal(refused.metadata["event_id"], event.eventId);
      assert.equal(refused.eventIndex, 0);
    }),
  ));

test("an unknown id is named", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const refused = await failure(UnknownId, client.append([partner("acme"), sale("lead-1")]));
      assert.deepEqual([refused.reason, refused.eventIndex, refused.metadata["id"]], ["UNKNOWN_ID", 1, "lead-1"]);
      await failure(UnknownId, client.partnership.getBalance({ partnerId: "acme" }));
    }),
  ));

test("every bad field is named", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const bad = { occurredAt: WHEN, body: { case: "partnerRegistered" as const, value: { partnerId: "no blanks" } } };
      const refused = await failure(Malformed, client.append([partner("acme"), bad]));
      assert.equal(refused.reason, "MALFORMED");
      const fields = refused.violations.map(({ field }) => field);
      assert.ok(fields.includes("events[1].event_id") && fields.includes("events[1].partner_registered.partner_id"), String(fields));
    }),
  ));

test("a position that is passed is told", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      await client.append([partner("acme")]);
      const refused = await failure(Rejected, client.append([partner("globex")], { expectedLastPosition: 0n }));
      assert.equal(refused.reason, "POSITION_PASSED");
    }),
  ));

test("what a preview and a stream refuse is the same error", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const { results } = await client.ledger.preview({ events: [sale("lead-1")] });
      assert.ok(results[0]?.outcome.case === "error");
      const refused = errorOfAppend(results[0].outcome.value);
      assert.ok(refused instanceof UnknownId);
      assert.equal(refused.metadata["id"], "lead-1");

      const requests = async function* () {
        yield { requestId: "good", events: [partner("acme")] };
        yield { requestId: "bad", events: [sale("lead-1")] };
      };
      const outcomes = [];
      for await (const { requestId, outcome } of client.ledger.appendStream(requests())) {
        outcomes.push([requestId, outcome.case === "error" ? errorOfAppend(outcome.value).reason : outcome.value?.position]);
      }
      assert.deepEqual(outcomes, [["good", 1n], ["bad", "UNKNOWN_ID"]]);
    }),
  ));

test("who has a key gets in, and who has none is told why", () =>
  withServer(async (server) => {
    const { ca } = server;
    await using(new LedgerClient(server.address, { ca, key: server.key("admin") }), async (client) => {
      assert.equal((await client.ledger.whoAmI({})).principal, "dev-admin");
    });
    await using(new LedgerClient(server.address, { ca }), async (client) => {
      assert.equal((await failure(Unauthenticated, client.append([partner("acme")]))).metadata["kind"], "missing");
    });
    await using(new LedgerClient(server.address, { ca, key: `plk_0123456789ab_${"x".repeat(43)}` }), async (client) => {
      const refused = await failure(Unauthenticated, client.append([partner("acme")]));
      assert.ok(["unknown_key", "malformed"].includes(refused.metadata["kind"] ?? ""), JSON.stringify(refused.metadata));
    });
  }, "--dev"));

test("a key may be exchanged while the client is used", () =>
  withServer(async (server) => {
    const keys = [server.key("auditor"), server.key("admin")];
    await using(new LedgerClient(server.address, { ca: server.ca, key: () => keys.shift() ?? "" }), async (client) => {
      assert.equal((await client.ledger.whoAmI({})).principal, "dev-auditor");
      assert.equal((await client.ledger.whoAmI({})).principal, "dev-admin");
    });
  }, "--dev"));

test("who may not is told what is missing", () =>
  withServer(
    (server) =>
      using(new LedgerClient(server.address, { ca: server.ca, key: server.key("auditor") }), async (client) => {
        const refused = await failure(PermissionDenied, client.append([partner("acme")]));
        assert.equal(refused.metadata["missing"], "role");
        const requests = async function* () {
          yield { events: [partner("acme")] };
        };
        const reading = async () => {
          for await (const answer of client.ledger.appendStream(requests())) {
            assert.fail(answer.requestId);
          }
        };
        await failure(PermissionDenied, reading());
      }),
    "--dev",
  ));

test("a server with a certificate of somebody else is not believed", () =>
  withServer(
    (server) =>
      using(new LedgerClient(server.address, { key: server.key("admin"), timeoutMs: 1_000 }), async (client) => {
        await failure(Unavailable, client.append([partner("acme")]));
      }),
    "--dev",
  ));

test("the environment of the command line is understood", () =>
  withServer((server) => {
    const environment = {
      PARTNERSHIP_LEDGER_ADDRESS: `${server.address}, https://localhost:1`,
      PARTNERSHIP_LEDGER_CA: server.file("ca.pem"),
      PARTNERSHIP_LEDGER_KEY_FILE: server.file("keys/admin"),
    };
    return using(LedgerClient.fromEnvironment(environment), async (client) => {
      assert.equal((await client.append([partner("acme")])).position, 1n);
    });
  }, "--dev"));

for (const address of ["http://ledger.example:50051", "ledger.example:50051", "ftp://localhost", "http://localhost/x"]) {
  test(`an address that cannot be called with a key is refused at once: ${address}`, () => {
    assert.throws(() => new LedgerClient(address, { key: "plk_x_y" }), TypeError);
  });
}
