// Clients that are closed again, and calls that fail.

import assert from "node:assert/strict";
import type { LedgerClient, LedgerError } from "../src/index.js";

/** The error of a class that a call fails with. */
export async function failure<Failure extends LedgerError>(kind: new (...args: never[]) => Failure, call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof kind, String(error));
    return error;
  }
  assert.fail(`it should be ${kind.name}`);
}

/** Does something with a client, and closes it. */
export async function using(client: LedgerClient, use: (client: LedgerClient) => Promise<void>): Promise<void> {
  try {
    await use(client);
  } finally {
    client.close();
  }
}
