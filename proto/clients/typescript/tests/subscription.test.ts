// A subscription goes on over restarts of the server, with nothing twice and nothing missing.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Addresses } from "../src/addresses.js";
import { LedgerClient, LedgerError, PermissionDenied, Rejected, Subscription, Unauthenticated, Unavailable } from "../src/index.js";
import { LedgerTransport } from "../src/transport.js";
import { partner } from "./events.js";
import { failure, using } from "./outcomes.js";
import { withServer } from "./server.js";

test("nothing comes twice and nothing is missing though the server is killed", () =>
  withServer(async (server) => {
    const count = 150;
    const append = () =>
      using(new LedgerClient(server.address, { attemptTimeoutMs: 5_000 }), async (client) => {
        for (let number = 0; number < count; number += 1) {
          await client.append([partner(`partner-${number}`)]);
          await sleep(10);
        }
      });
    const kill = async () => {
      for (let kills = 0; kills < 4; kills += 1) {
        await sleep(300);
        await server.kill();
        await sleep(200);
        await server.start();
      }
    };
    const positions: bigint[] = [];
    let toldCaughtUp = 0;
    await using(new LedgerClient(server.address), async (client) => {
      const subscription = client.subscribe();
      const changes = Promise.all([append(), kill()]);
      const follow = async () => {
        for await (const answer of subscription) {
          toldCaughtUp += answer.item.case === "caughtUp" ? 1 : 0;
          positions.push(...(answer.item.case === "records" ? answer.item.value.records.map(({ position }) => position) : []));
          if (positions.length >= count) {
            // What is still to come are restarts, over which nothing may come a second time.
            await changes;
            break;
          }
        }
      };
      await Promise.all([changes, follow()]);
      assert.equal(subscription.position, BigInt(count));
    });
    assert.deepEqual(positions, Array.from({ length: count }, (_, index) => BigInt(index + 1)));
    assert.equal(toldCaughtUp, 1);
  }));

test("who subscribes again goes on behind what it has", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      await client.append([1, 2, 3, 4, 5].map((number) => partner(`partner-${number}`)));
      let last = 0n;
      for await (const record of client.subscribe().records()) {
        last = record.position;
        break;
      }
      assert.equal(last, 1n);
      const positions = [];
      for await (const record of client.subscribe(last).records()) {
        positions.push(record.position);
        if (positions.length === 4) {
          break;
        }
      }
      assert.deepEqual(positions, [2n, 3n, 4n, 5n]);
    }),
  ));

test("a filter leaves out, and the position moves on", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      await client.append([partner("acme")]);
      const subscription = client.subscribe(0n, { filter: { bodyTypes: ["sale_recorded"] } });
      for await (const answer of subscription) {
        assert.equal(answer.item.case, "caughtUp");
        break;
      }
      assert.ok(subscription.isCaughtUp);
      assert.equal(subscription.position, 1n);
    }),
  ));

test("closing ends the iteration", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const subscription = client.subscribe();
      const cases = [];
      for await (const answer of subscription) {
        cases.push(answer.item.case);
        setTimeout(() => subscription.close(), 200);
      }
      assert.deepEqual(cases, ["caughtUp"]);
    }),
  ));

test("a ledger with fewer records than were delivered is an error", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const refused = await failure(Rejected, client.subscribe(7n)[Symbol.asyncIterator]().next());
      assert.equal(refused.reason, "POSITION_NOT_REACHED");
    }),
  ));

test("a ledger that never answers is not waited for without end", () =>
  using(new LedgerClient("http://127.0.0.1:1", { timeoutMs: 300 }), async (client) => {
    await failure(Unavailable, client.subscribe()[Symbol.asyncIterator]().next());
  }));

test("a ledger that stays away is given up when that is asked for", () =>
  withServer((server) =>
    using(new LedgerClient(server.address), async (client) => {
      const answers = client.subscribe(0n, { giveUpAfterMs: 500 })[Symbol.asyncIterator]();
      await answers.next();
      await server.kill();
      await failure(Unavailable, answers.next());
    }),
  ));

test("a server that hangs is noticed, and what it records afterwards is delivered", () =>
  withServer(async (server) => {
    const settings = { ca: undefined, key: undefined, clientCertificate: undefined, timeoutMs: 60_000, attemptTimeoutMs: 1_000 };
    const transport = new LedgerTransport(new Addresses([server.address], false), { ...settings, silenceMs: 1_000 });
    const given = new Subscription(transport, 0n, { giveUpAfterMs: 3_000 })[Symbol.asyncIterator]();
    const patient = new Subscription(transport, 0n, {}).records();
    await given.next();
    const record = patient.next();
    await sleep(500);
    server.tell("SIGSTOP");
    await failure(Unavailable, given.next());
    server.tell("SIGCONT");
    await using(new LedgerClient(server.address), async (client) => {
      await client.append([partner("acme")]);
      assert.equal((await record).value?.position, 1n);
    });
    transport.close();
  }));

test("a right that is taken away ends it", () =>
  withServer(
    (server) =>
      using(new LedgerClient(server.address, { ca: server.ca, key: server.key("auditor") }), async (client) => {
        const answers = client.subscribe()[Symbol.asyncIterator]();
        await answers.next();
        const access = server.file("access.toml");
        const granted = readFileSync(access, "utf8");
        writeFileSync(access, granted.replace('roles = ["auditor"]', 'roles = ["emitter"]\nevents = ["leads"]'));
        const ended = await failure(LedgerError, answers.next());
        assert.ok(ended instanceof PermissionDenied || ended instanceof Unauthenticated, String(ended));
      }),
    "--dev",
  ));
