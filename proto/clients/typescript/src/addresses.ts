// Where servers are: addresses, and which of them is called next.

import { isIP } from "node:net";

/** The most addresses that are learned from NOT_LEADER beside those that were configured. */
const MOST_LEARNED = 16;

/** Reads an address, `https://HOST:PORT` or `http://HOST:PORT`; `HOST:PORT` where a protocol is given. Undefined if it is none. */
function parse(text: string, protocol?: string): URL | undefined {
  const whole = text.includes("://") || protocol === undefined ? text : `${protocol}//${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  const isAddress =
    url !== undefined &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.hostname !== "" &&
    url.pathname === "/" &&
    url.search === "" &&
    url.username === "";
  return isAddress ? url : undefined;
}

/** Whether a host is this machine, where nobody is on the way to read along. */
function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

/** The addresses of one ledger's servers, and the one that is called at present. */
export class Addresses {
  readonly #known: string[] = [];
  readonly #configured: number;
  readonly #hasKey: boolean;
  #current = 0;

  /** Throws a TypeError for no address, a malformed one, or a key that would travel unencrypted to another machine. */
  constructor(addresses: readonly string[], hasKey: boolean) {
    this.#hasKey = hasKey;
    for (const text of addresses) {
      const url = parse(text);
      if (url === undefined) {
        throw new TypeError(`"${text}" is no address of a ledger: write http://HOST:PORT or https://HOST:PORT`);
      }
      if (!this.#mayCall(url)) {
        throw new TypeError(`a key is not sent unencrypted to another machine: use https in place of ${url.origin}`);
      }
      this.#known.push(url.origin);
    }
    if (this.#known.length === 0) {
      throw new TypeError("a client needs an address at least");
    }
    this.#configured = this.#known.length;
  }

  /** The one that is called at present. */
  get current(): string {
    return this.#known[this.#current]!;
  }

  /** How many there are. */
  get count(): number {
    return this.#known.length;
  }

  /** Goes on to the next address, unless another call has gone on from this one already. */
  leave(failed: string): void {
    if (this.current === failed) {
      this.#current = (this.#current + 1) % this.#known.length;
    }
  }

  /** Goes on to the leader that a server has named. Returns false if it cannot be called: it is malformed, the server that named it
   * itself, or less protected than that one. */
  follow(leader: string, toldBy: string): boolean {
    const protocol = new URL(toldBy).protocol;
    const url = parse(leader, protocol);
    if (url === undefined || url.origin === toldBy || (protocol === "https:" && url.protocol !== "https:") || !this.#mayCall(url)) {
      return false;
    }
    if (!this.#known.includes(url.origin)) {
      if (this.#known.length >= this.#configured + MOST_LEARNED) {
        this.#known.splice(this.#configured, 1);
      }
      this.#known.push(url.origin);
    }
    this.#current = this.#known.indexOf(url.origin);
    return true;
  }

  #mayCall(url: URL): boolean {
    return url.protocol === "https:" || isLoopback(url.hostname) || !this.#hasKey;
  }
}
