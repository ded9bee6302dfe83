// Calls are made again until they are answered, elsewhere if need be, and what they append is recorded once.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Addresses } from "../src/addresses.js";
import { Code, LedgerClient, Overloaded, Rejected, Unavailable } from "../src/index.js";
import { partner } from "./events.js";
import { failure, using } from "./outcomes.js";
import { PROGRAM, withServer } from "./server.js";
import { refusing } from "./standin.js";

/** The partners of all records, in order of position. */
async function namesRecorded(client: LedgerClient): Promise<string[]> {
  const names = [];
  for await (const page of client.audit.readRecords({ pageSize: 1_000 })) {
    for (const { event } of page.records) {
      names.push(event?.body.case === "partnerRegistered" ? event.body.value.partnerId : "");
    }
  }
  return names;
}

/** An address at which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
}

test("a server that is killed again and again records each event once", () =>
  withServer(async (server) => {
    const names: string[] = [];
    const positions: bigint[] = [];
    let isEnough = false;
    const append = () =>
      using(new LedgerClient(server.address, { attemptTimeoutMs: 5_000 }), async (client) => {
        while (!isEnough) {
          const batch = [0, 1, 2].map((number) => `partner-${names.length + number}`);
          names.push(...batch);
          positions.push(...(await client.append(batch.map(partner))).results.map(({ position }) => position));
        }
      });
    const kill = async () => {
      for (let kills = 0; kills < 5; kills += 1) {
        await sleep(150);
        await server.kill();
        await server.start();
      }
      await sleep(150);
      isEnough = true;
    };
    await Promise.all([append(), kill()]);
    assert.ok(names.length > 3);
    await using(new LedgerClient(server.address), async (client) => assert.deepEqual(await namesRecorded(client), names));
    assert.deepEqual(positions, names.map((_, index) => BigInt(index + 1)));
  }));

test("the next address is tried when one is away", () =>
  withServer(async (server) => {
    await using(new LedgerClient([await deadAddress(), await deadAddress(), server.address]), async (client) => {
      assert.equal((await client.append([partner("acme")])).position, 1n);
      assert.deepEqual(await namesRecorded(client), ["acme"]);
    });
  }));

test("an attempt without an answer is given up and made again", () =>
  withServer((server) =>
    using(new LedgerClient(server.address, { attemptTimeoutMs: 500 }), async (client) => {
      await client.append([partner("acme")]);
      server.tell("SIGSTOP");
      setTimeout(() => server.tell("SIGCONT"), 1_200);
      await client.append([partner("globex")]);
      assert.deepEqual(await namesRecorded(client), ["acme", "globex"]);
    }),
  ));

test("nobody is waited for longer than the timeout", async () => {
  await using(new LedgerClient([await deadAddress(), await deadAddress()]), async (client) => {
    await failure(Unavailable, client.append([partner("acme")], { timeoutMs: 500 }));
  });
});

test("a call that its caller has ended is not made again", async () => {
  await using(new LedgerClient(await deadAddress()), async (client) => {
    const ends = new AbortController();
    const call = client.append([partner("acme")], { signal: ends.signal });
    setTimeout(() => ends.abort(), 200);
    await assert.rejects(call);
  });
});

test("who is over its limit is told when to come again, and does", () =>
  withServer(async (server) => {
    const access = server.file("access.toml");
    appendFileSync(access, '\n[[principal]]\nname = "limited"\nroles = ["auditor"]\nlimits = { subscriptions = 1 }\n');
    const key = execFileSync(PROGRAM, ["access", "add-key", access, "limited"], { encoding: "utf8" });
    await server.kill();
    await server.start();
    await using(new LedgerClient(server.address, { ca: server.ca, key }), async (client) => {
      const first = client.subscribe();
      const answers = first[Symbol.asyncIterator]();
      assert.equal((await answers.next()).value?.item.case, "caughtUp");
      const second = client.audit.subscribe({}, { timeoutMs: 700 })[Symbol.asyncIterator]();
      const refused = await failure(Overloaded, second.next());
      assert.equal(refused.reason, "RATE_LIMITED");
      assert.ok(refused.retryAfterMs !== undefined);
      setTimeout(() => first.close(), 500);
      for await (const answer of client.subscribe()) {
        assert.equal(answer.item.case, "caughtUp");
        break;
      }
    });
  }, "--dev"));

test("what another server leads is made there", () =>
  withServer((server) =>
    refusing(Code.Unavailable, "NOT_LEADER", async (follower) => {
      follower.metadata["leader"] = server.address;
      await using(new LedgerClient(follower.address), async (client) => {
        assert.equal((await client.append([partner("acme")])).position, 1n);
        assert.equal((await client.append([partner("globex")])).position, 2n);
        assert.deepEqual(follower.calls, ["Append"], "once it is known who leads, the leader is asked at once");
      });
      await using(new LedgerClient(follower.address), async (client) => {
        for await (const record of client.subscribe().records()) {
          assert.equal(record.position, 1n);
          break;
        }
      });
    }),
  ));

test("a leader that is not known is looked for", () =>
  withServer((server) =>
    refusing(Code.Unavailable, "NOT_LEADER", async ({ address }) => {
      await using(new LedgerClient([address, address, server.address]), async (client) => {
        assert.equal((await client.append([partner("acme")])).position, 1n);
      });
    }),
  ));

test("two servers that each name the other are left in the end", () =>
  refusing(Code.Unavailable, "NOT_LEADER", (one) =>
    refusing(Code.Unavailable, "NOT_LEADER", async (other) => {
      one.metadata["leader"] = other.address;
      other.metadata["leader"] = one.address;
      await using(new LedgerClient(one.address), async (client) => {
        const failed = await failure(Unavailable, client.append([partner("acme")], { timeoutMs: 1_000 }));
        assert.equal(failed.reason, "NOT_LEADER");
      });
      const calls = one.calls.length + other.calls.length;
      assert.ok(calls >= 2 && calls < 30, `${calls}`);
    }),
  ));

test("what a rule refuses is not sent again", () =>
  refusing(Code.FailedPrecondition, "EXCEEDS_PAYABLE", (ledger) =>
    using(new LedgerClient(ledger.address), async (client) => {
      assert.equal((await failure(Rejected, client.append([partner("acme")]))).reason, "EXCEEDS_PAYABLE");
      assert.deepEqual(ledger.calls, ["Append"]);
    }),
  ));

test("a call that is not the same twice is not made again", () =>
  refusing(Code.Unavailable, "STOPPED", (ledger) =>
    using(new LedgerClient(ledger.address, { timeoutMs: 1_000 }), async (client) => {
      await failure(Unavailable, client.webhooks.addWebhook({ name: "crm", url: "https://crm.example/ledger" }));
      assert.deepEqual(ledger.calls, ["AddWebhook"]);
      await failure(Unavailable, client.partnership.getBalance({ partnerId: "acme" }));
      assert.ok(ledger.calls.filter((name) => name === "GetBalance").length > 1);
    }),
  ));

test("a leader is followed to no weaker place", () => {
  const addresses = new Addresses(["https://one.example:1"], true);
  const toldBy = addresses.current;
  assert.ok(!addresses.follow("http://two.example:2", toldBy), "the key would be read on the way");
  assert.ok(!addresses.follow("http://127.0.0.1:2", toldBy));
  assert.ok(!addresses.follow("https://one.example:1", toldBy), "it does not lead, as it says itself");
  assert.ok(!addresses.follow("", toldBy));
  assert.equal(addresses.current, toldBy);
  assert.ok(addresses.follow("two.example:2", toldBy));
  assert.equal(addresses.current, "https://two.example:2");
});
