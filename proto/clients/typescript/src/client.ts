// The client of a ledger.

import { readFileSync } from "node:fs";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { Addresses } from "./addresses.js";
import { AuditService } from "./generated/partnership/ledger/v1/audit_service_pb.js";
import type { EventSchema } from "./generated/partnership/ledger/v1/events_pb.js";
import type { AppendResponse } from "./generated/partnership/ledger/v1/ledger_service_pb.js";
import { LedgerService } from "./generated/partnership/ledger/v1/ledger_service_pb.js";
import { PartnershipService } from "./generated/partnership/ledger/v1/partnership_service_pb.js";
import { WebhookService } from "./generated/partnership/ledger/v1/webhook_service_pb.js";
import type { SubscribeOptions } from "./subscription.js";
import { Subscription } from "./subscription.js";
import { LedgerTransport } from "./transport.js";

/** Where `serve` listens unless told otherwise. */
const DEFAULT_ADDRESS = "http://127.0.0.1:50051";

/** Three of the ledger's heartbeats. */
const SILENCE_MS = 45_000;

/** How a client reaches the ledger. */
export interface ClientOptions {
  /** The certificate of the CA that the servers' certificates are checked by, PEM; the system's if undefined. */
  readonly ca?: string | Uint8Array;
  /** An API key or a token, or what returns the present one. Never sent unencrypted to another machine. */
  readonly key?: string | (() => string | Promise<string>);
  /** The client's own certificate chain and its private key, PEM. */
  readonly clientCertificate?: { readonly certificate: string | Uint8Array; readonly key: string | Uint8Array };
  /** Milliseconds for a call with all of its attempts, 60 000 unless told otherwise; each call may say otherwise by its `timeoutMs`. */
  readonly timeoutMs?: number;
  /** Milliseconds for one attempt, 20 000 unless told otherwise. */
  readonly attemptTimeoutMs?: number;
}

/** What an append may say beside its events. */
export interface AppendOptions {
  /** The ledger's last position as the emitter knows it; if it has moved on, the request is rejected with POSITION_PASSED. */
  readonly expectedLastPosition?: bigint;
  /** Milliseconds for the call with all of its attempts. */
  readonly timeoutMs?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/**
 * A client of one ledger. Connections are made when they are needed.
 *
 * Its four services are the contract's, with all of their methods and types. A call that fails because no server answers, or because the
 * ledger has no room for it, is made again, at every address in turn, until its timeout; one that another server leads is made there. So
 * it fails only with what the caller can do something about: a `LedgerError`.
 */
export class LedgerClient {
  /** Records events; says who the caller is. */
  readonly ledger: Client<typeof LedgerService>;
  /** Answers: balances, leads, agreements, payables, metrics, alerts. */
  readonly partnership: Client<typeof PartnershipService>;
  /** Shows the records themselves, and proofs. */
  readonly audit: Client<typeof AuditService>;
  /** Endpoints that records are delivered to. Its calls are not made again when it is unknown whether they were carried out. */
  readonly webhooks: Client<typeof WebhookService>;
  readonly #transport: LedgerTransport;

  /** Makes a client of the ledger at these addresses, `https://HOST:PORT` or `http://HOST:PORT`; nothing is sent yet. Throws a TypeError
   * for addresses that cannot be called. */
  constructor(addresses: string | readonly string[] = DEFAULT_ADDRESS, options: ClientOptions = {}) {
    const { key } = options;
    this.#transport = new LedgerTransport(new Addresses(typeof addresses === "string" ? [addresses] : addresses, key !== undefined), {
      ca: options.ca,
      key: typeof key === "string" ? () => key : key,
      clientCertificate: options.clientCertificate,
      timeoutMs: options.timeoutMs ?? 60_000,
      attemptTimeoutMs: options.attemptTimeoutMs ?? 20_000,
      silenceMs: SILENCE_MS,
    });
    this.ledger = createClient(LedgerService, this.#transport);
    this.partnership = createClient(PartnershipService, this.#transport);
    this.audit = createClient(AuditService, this.#transport);
    this.webhooks = createClient(WebhookService, this.#transport);
  }

  /** Makes a client as the command line does: PARTNERSHIP_LEDGER_ADDRESS (several with commas between them), PARTNERSHIP_LEDGER_CA,
   * PARTNERSHIP_LEDGER_KEY_FILE or PARTNERSHIP_LEDGER_KEY, PARTNERSHIP_LEDGER_CLIENT_CERT and PARTNERSHIP_LEDGER_CLIENT_KEY. */
  static fromEnvironment(environment: NodeJS.ProcessEnv = process.env): LedgerClient {
    const of = (name: string) => environment[`PARTNERSHIP_LEDGER_${name}`]?.trim() || undefined;
    const file = (name: string) => {
      const path = of(name);
      return path === undefined ? undefined : readFileSync(path, "utf8");
    };
    const ca = file("CA");
    const key = file("KEY_FILE") ?? of("KEY");
    const certificate = file("CLIENT_CERT");
    const itsKey = file("CLIENT_KEY");
    const addresses = (of("ADDRESS") ?? DEFAULT_ADDRESS).split(",").map((address) => address.trim());
    return new LedgerClient(addresses, {
      ...(ca === undefined ? {} : { ca }),
      ...(key === undefined ? {} : { key }),
      ...(certificate === undefined || itsKey === undefined ? {} : { clientCertificate: { certificate, key: itsKey } }),
    });
  }

  /**
   * Records events, all of them or none, and returns what became of each once they are durable.
   *
   * Each event carries an id of the caller's choice. Sent again with the same content, also after a crash of the caller, it is recorded
   * once and answered as before.
   */
  append(events: readonly MessageInitShape<typeof EventSchema>[], options: AppendOptions = {}): Promise<AppendResponse> {
    const { expectedLastPosition, ...call } = options;
    const expected = expectedLastPosition === undefined ? {} : { expectedLastPosition };
    return this.ledger.append({ events: [...events], ...expected }, call);
  }

  /** Follows what is recorded after a position; 0 is the beginning. */
  subscribe(afterPosition: bigint = 0n, options: SubscribeOptions = {}): Subscription {
    return new Subscription(this.#transport, afterPosition, options);
  }

  /** Ends all calls, subscriptions and connections. */
  close(): void {
    this.#transport.close();
  }
}
