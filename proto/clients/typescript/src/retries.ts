// When a failed call is made again, where, and after how long.

import { Code } from "@connectrpc/connect";
import type { Addresses } from "./addresses.js";
import type { LedgerError } from "./errors.js";
import { Unavailable } from "./errors.js";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** What becomes of the failures of one call: thrown, or tried again here or elsewhere. */
export class Retries {
  readonly #addresses: Addresses;
  readonly #isRepeatable: boolean;
  #pauseMs = 0;
  #triedSincePause = 0;

  constructor(addresses: Addresses, isRepeatable: boolean) {
    this.#addresses = addresses;
    this.#isRepeatable = isRepeatable;
  }

  /** Forgets earlier failures: a stream has delivered something. */
  succeeded(): void {
    this.#pauseMs = 0;
    this.#triedSincePause = 0;
  }

  /** Chooses the address to call next, and returns the milliseconds to wait before; undefined if the failure is final. */
  waitAfter(failure: LedgerError, address: string): number | undefined {
    this.#triedSincePause += 1;
    if (failure.reason === "NOT_LEADER") {
      // Nothing was done, so this can be repeated whatever it is.
      if (!this.#addresses.follow(failure.metadata["leader"] ?? "", address)) {
        this.#addresses.leave(address);
      }
      return this.#pauseAfterAll();
    }
    if (failure.code === Code.ResourceExhausted) {
      return failure.retryAfterMs === undefined ? undefined : failure.retryAfterMs + this.#nextPause();
    }
    // A caller that has ended its call is asked before; here a server or a connection has.
    const isCut = failure.code === Code.Canceled && failure.reason === "";
    if (this.#isRepeatable && (failure instanceof Unavailable || isCut)) {
      this.#addresses.leave(address);
      return this.#pauseAfterAll();
    }
    return undefined;
  }

  /** No pause while there are addresses that have not been tried since the last one. */
  #pauseAfterAll(): number {
    if (this.#triedSincePause < this.#addresses.count) {
      return 0;
    }
    this.#triedSincePause = 0;
    return this.#nextPause();
  }

  /** Pauses double, each at random up to half shorter, so that clients do not come again all at once. */
  #nextPause(): number {
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    return this.#pauseMs * (0.5 + Math.random() / 2);
  }
}
