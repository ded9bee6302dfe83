// A transport to one ledger at several addresses, for the contract's services: each call says who calls, is made again when the server
// is away, follows the leader, and fails with a `LedgerError`.

import { setTimeout as sleep } from "node:timers/promises";
import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { ContextValues, StreamResponse, Transport, UnaryResponse } from "@connectrpc/connect";
import { Http2SessionManager, createGrpcTransport } from "@connectrpc/connect-node";
import type { Addresses } from "./addresses.js";
import { LedgerError, Unavailable, errorOf } from "./errors.js";
import { WebhookService } from "./generated/partnership/ledger/v1/webhook_service_pb.js";
import { Retries } from "./retries.js";

type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** The most connections that are left and may still have calls under way. */
const MOST_LEFT = 16;

/** How a transport reaches the ledger. */
export interface Settings {
  /** The certificate of the CA by which the servers' certificates are checked, PEM; the system's if undefined. */
  readonly ca: string | Uint8Array | undefined;
  /** Returns the API key or token to send; undefined for none. */
  readonly key: (() => string | Promise<string>) | undefined;
  /** The client's certificate chain and its private key, PEM. */
  readonly clientCertificate: { readonly certificate: string | Uint8Array; readonly key: string | Uint8Array } | undefined;
  /** Milliseconds for a call with all of its attempts, unless the call says otherwise. */
  readonly timeoutMs: number;
  /** Milliseconds for one attempt of a call. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds after which a subscription that hears nothing takes its connection for cut. */
  readonly silenceMs: number;
}

/** The connection to one server. */
interface Connection {
  readonly sessions: Http2SessionManager;
  readonly transport: Transport;
}

/** A transport to whichever server of a ledger answers. Connections are made when they are needed. */
export class LedgerTransport implements Transport {
  readonly addresses: Addresses;
  readonly settings: Settings;
  readonly #connections = new Map<string, Connection>();
  /** Connections that do not answer, with the calls that are still under way on them. */
  readonly #left = new Set<Connection>();
  readonly #closed = new AbortController();

  constructor(addresses: Addresses, settings: Settings) {
    this.addresses = addresses;
    this.settings = settings;
  }

  /** The connection to a server. Throws Unavailable once this transport is closed. */
  to(address: string): Transport {
    if (this.#closed.signal.aborted) {
      throw closed();
    }
    let connection = this.#connections.get(address);
    if (connection === undefined) {
      connection = this.#connect(address);
      this.#connections.set(address, connection);
    }
    return connection.transport;
  }

  #connect(address: string): Connection {
    const { ca, clientCertificate } = this.settings;
    const options = {
      ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
      ...(clientCertificate === undefined
        ? {}
        : { cert: Buffer.from(clientCertificate.certificate), key: Buffer.from(clientCertificate.key) }),
    };
    // Without pings: when one is not answered, this release of connect-node ends the whole process by an error that nobody can catch.
    const sessions = new Http2SessionManager(address, {}, options);
    return { sessions, transport: createGrpcTransport({ baseUrl: address, sessionManager: sessions }) };
  }

  /** Connects anew for the next call, as this one may have been cut without a word. What is under way on it goes on. */
  leave(address: string, transport: Transport): void {
    const connection = this.#connections.get(address);
    if (connection?.transport === transport) {
      this.#connections.delete(address);
      this.#left.add(connection);
      const [oldest] = this.#left;
      if (oldest !== undefined && this.#left.size > MOST_LEFT) {
        this.#left.delete(oldest);
        oldest.sessions.abort();
      }
    }
  }

  /** What is sent with a call: what the caller gives, and who calls. */
  async header(given?: HeadersInit): Promise<Headers> {
    const header = new Headers(given);
    if (this.settings.key !== undefined) {
      header.set("authorization", `Bearer ${(await this.settings.key()).trim()}`);
    }
    return header;
  }

  /** Waits before a call is made again. Throws Unavailable if the transport is closed meanwhile, the signal's reason if that ends it. */
  async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const ends = signal === undefined ? this.#closed.signal : AbortSignal.any([this.#closed.signal, signal]);
    try {
      await sleep(milliseconds, undefined, { signal: ends });
    } catch (failure) {
      throw this.#closed.signal.aborted ? closed() : errorOf(failure);
    }
  }

  /** Ends all calls and connections. */
  close(): void {
    this.#closed.abort();
    for (const { sessions } of [...this.#connections.values(), ...this.#left]) {
      sessions.abort();
    }
    this.#connections.clear();
    this.#left.clear();
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    return this.#retried(method, signal, timeoutMs, async (transport, milliseconds) =>
      transport.unary(method, signal, milliseconds, await this.header(header), input, contextValues),
    );
  }

  /** A stream of answers is made again until the first has come; what comes after it cannot be repeated without its caller. Streams
   * both ways are not made again: what of their requests was carried out is known to their caller alone. */
  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    if (method.methodKind !== "server_streaming") {
      const transport = this.to(this.addresses.current);
      const opened = transport.stream(method, signal, timeoutMs, await this.header(header), input, contextValues);
      return opened.then(
        (response) => ({ ...response, message: told(response.message) }),
        (failure: unknown) => Promise.reject(errorOf(failure)),
      );
    }
    const requests = await all(input);
    return this.#retried(method, signal, timeoutMs, async (transport) => {
      // Its deadline would end the stream, however well it goes.
      const response = await transport.stream(method, signal, timeoutMs, await this.header(header), each(requests), contextValues);
      const answers = response.message[Symbol.asyncIterator]();
      const first = await answers.next();
      return { ...response, message: told(begunWith(first, answers)) };
    });
  }

  /** Makes attempts until one succeeds, the failure is final, or the time has passed. */
  async #retried<Answer>(
    method: DescMethodUnary | DescMethodStreaming,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    attempt: (transport: Transport, milliseconds: number) => Promise<Answer>,
  ): Promise<Answer> {
    const deadline = performance.now() + (timeoutMs ?? this.settings.timeoutMs);
    // Adding an endpoint twice is an error.
    const retries = new Retries(this.addresses, method.parent.typeName !== WebhookService.typeName);
    for (;;) {
      const address = this.addresses.current;
      const transport = this.to(address);
      try {
        // gRPC knows whole milliseconds alone.
        const left = Math.max(1, Math.ceil(deadline - performance.now()));
        return await attempt(transport, Math.min(left, this.settings.attemptTimeoutMs));
      } catch (caught) {
        if (this.#closed.signal.aborted) {
          throw closed();
        }
        const failure = errorOf(caught);
        if (failure.code === Code.DeadlineExceeded) {
          this.leave(address, transport);
        }
        const waitMs = signal?.aborted ? undefined : retries.waitAfter(failure, address);
        if (waitMs === undefined || performance.now() + waitMs >= deadline) {
          throw failure;
        }
        await this.wait(waitMs, signal);
      }
    }
  }
}

function closed(): LedgerError {
  return new Unavailable(Code.Canceled, "the client is closed");
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function* begunWith<Item>(first: IteratorResult<Item>, rest: AsyncIterator<Item>): AsyncGenerator<Item> {
  for (let next = first; next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}

/** The answers of a stream, which fails with a `LedgerError`. */
async function* told<O extends DescMessage>(answers: AsyncIterable<MessageShape<O>>): AsyncGenerator<MessageShape<O>> {
  try {
    yield* answers;
  } catch (failure) {
    throw errorOf(failure);
  }
}
