// Following what is recorded, over lost connections and restarts of the server.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import type { LedgerError } from "./errors.js";
import { Unavailable, errorOf } from "./errors.js";
import type { RecordFilterSchema, SubscribeResponse } from "./generated/partnership/ledger/v1/audit_service_pb.js";
import { AuditService } from "./generated/partnership/ledger/v1/audit_service_pb.js";
import type { Record } from "./generated/partnership/ledger/v1/records_pb.js";
import { Retries } from "./retries.js";
import type { LedgerTransport } from "./transport.js";

/** What is followed, and for how long. */
export interface SubscribeOptions {
  /** Which records; all if undefined. */
  readonly filter?: MessageInitShape<typeof RecordFilterSchema>;
  /** Milliseconds without an answer after which the failure is thrown. Undefined: a ledger that has answered once is waited for without
   * end, and one that never did for the client's `timeoutMs`. */
  readonly giveUpAfterMs?: number;
}

/**
 * The answers of `AuditService.Subscribe`, one after the other, with nothing twice and nothing missing.
 *
 * When the connection is lost or the server is restarted it subscribes again from its last position. `caughtUp` comes once. It ends
 * by `close`, by leaving the loop, or with a `LedgerError` that waiting does not cure: a right that was taken away, or
 * `POSITION_NOT_REACHED`, when the ledger has fewer records than were delivered. It is iterated over once.
 */
export class Subscription implements AsyncIterable<SubscribeResponse> {
  readonly #transport: LedgerTransport;
  readonly #options: SubscribeOptions;
  readonly #retries: Retries;
  readonly #closed = new AbortController();
  #position: bigint;
  #isCaughtUp = false;
  #hasBegun = false;
  #heardAt = performance.now();

  constructor(transport: LedgerTransport, afterPosition: bigint, options: SubscribeOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#position = afterPosition;
    this.#retries = new Retries(transport.addresses, true);
  }

  /** The position of the answer that was delivered last: where to subscribe from after a restart of the subscriber, once it has
   * handled that answer. */
  get position(): bigint {
    return this.#position;
  }

  /** Whether all that was recorded when the subscription began has been delivered. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** Ends the subscription: the iteration stops. */
  close(): void {
    this.#closed.abort();
  }

  /** The records alone. Who is interrupted subscribes again after the position of the last record that it has handled. */
  async *records(): AsyncGenerator<Record> {
    for await (const answer of this) {
      if (answer.item.case === "records") {
        yield* answer.item.value.records;
      }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SubscribeResponse> {
    try {
      while (!this.#closed.signal.aborted) {
        const address = this.#transport.addresses.current;
        try {
          yield* this.#answers(address);
        } catch (failure) {
          await this.#recover(errorOf(failure), address);
        }
      }
    } finally {
      // Who leaves the loop wants no more: the server is told.
      this.close();
    }
  }

  /** The answers of one call, which goes on behind the last position. */
  async *#answers(address: string): AsyncGenerator<SubscribeResponse> {
    const { filter } = this.#options;
    const request = { afterPosition: this.#position, ...(filter === undefined ? {} : { filter }) };
    const transport = this.#transport.to(address);
    const headers = await this.#transport.header();
    const silent = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, silent.signal]);
    const answers = createClient(AuditService, transport).subscribe(request, { signal, headers })[Symbol.asyncIterator]();
    for (;;) {
      // A cut that nobody tells is noticed by the heartbeats that do not come.
      const timer = setTimeout(() => {
        this.#transport.leave(address, transport);
        silent.abort();
      }, this.#transport.settings.silenceMs);
      const next = answers.next().catch((failure: unknown) => {
        throw silent.signal.aborted ? new Unavailable(Code.Unavailable, "the ledger is silent") : failure;
      });
      const { done, value: answer } = await next.finally(() => clearTimeout(timer));
      if (done) {
        // The ledger ends no subscription without saying why: something on the way did.
        throw new Unavailable(Code.Unavailable, "the stream ended");
      }
      this.#retries.succeeded();
      this.#hasBegun = true;
      this.#heardAt = performance.now();
      this.#position = answer.position;
      if (answer.item.case !== "caughtUp") {
        yield answer;
      } else if (!this.#isCaughtUp) {
        this.#isCaughtUp = true;
        yield answer;
      }
    }
  }

  /** Waits before the next call. Throws the failure if there is none to be made, nothing if the subscription was closed. */
  async #recover(failure: LedgerError, address: string): Promise<void> {
    if (this.#closed.signal.aborted) {
      return;
    }
    const waitMs = this.#retries.waitAfter(failure, address);
    // A ledger that never answered need not be there at all.
    const limitMs = this.#options.giveUpAfterMs ?? (this.#hasBegun ? undefined : this.#transport.settings.timeoutMs);
    if (waitMs === undefined || (limitMs !== undefined && performance.now() + waitMs - this.#heardAt >= limitMs)) {
      throw failure;
    }
    try {
      await this.#transport.wait(waitMs, this.#closed.signal);
    } catch (ended) {
      if (!this.#closed.signal.aborted) {
        throw ended;
      }
    }
  }
}
