// Servers that share a ledger: who leads is found, also when another does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LedgerClient } from "../src/index.js";
import { partner } from "./events.js";
import { using } from "./outcomes.js";
import { withPostgres } from "./postgres.js";
import { withServer } from "./server.js";

test("the leader is followed, also when another leads", () =>
  withPostgres((database) => {
    const options = ["--store", database, "--accept-unreplicated"];
    return withServer(
      (leader) =>
        withServer(
          (follower) =>
            using(new LedgerClient(follower.address), async (client) => {
              const records = client.subscribe().records();
              const appended = await client.append([partner("acme")]);
              assert.equal(appended.position, 1n, "the follower has named the leader");
              assert.equal((await records.next()).value?.position, 1n);
              await leader.kill();
              // The leader that was named is away; the address that was given leads by and by.
              assert.equal((await client.append([partner("globex")])).position, 2n);
              assert.ok((await client.append([partner("acme")])).results[0]?.duplicate);
              assert.equal((await records.next()).value?.position, 2n);
              await records.return(undefined);
            }),
          ...options,
        ),
      ...options,
    );
  }));
