// Servers for the tests: the program itself, in a process of its own.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** The folder of the repository; tests are run as `dist/tests/*.js`. */
export const ROOT = resolve(import.meta.dirname, "../../../../..");
/** The program: a debug build unless the environment names another. */
export const PROGRAM = resolve(process.env["PARTNERSHIP_LEDGER_PROGRAM"] ?? join(ROOT, "target/debug/partnership-ledger"));

/** A ledger in a directory of its own. After a kill it starts again at the same address. */
export class Server {
  readonly directory = mkdtempSync(join(tmpdir(), "ledger-client-"));
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;
  #port = 0;

  constructor(...options: string[]) {
    this.#options = options;
  }

  /** Starts it, and returns when it serves. */
  async start(): Promise<this> {
    if (!existsSync(PROGRAM)) {
      throw new Error(`${PROGRAM} is not there: cargo build, or set PARTNERSHIP_LEDGER_PROGRAM`);
    }
    const options = ["serve", "--listen", `127.0.0.1:${this.#port}`, "--data-dir", this.directory, ...this.#options];
    const child = spawn(PROGRAM, options, { stdio: ["ignore", "pipe", "inherit"], env: { RUST_LOG: "error" } });
    this.#process = child;
    for await (const line of createInterface(child.stdout)) {
      this.#port = Number(/^listening on .*:(\d+)$/.exec(line)?.[1]);
      return this;
    }
    throw new Error("the server does not start");
  }

  /** Where it listens. */
  get address(): string {
    return this.#options.includes("--dev") ? `https://localhost:${this.#port}` : `http://127.0.0.1:${this.#port}`;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
  }

  /** Sends it a signal. */
  tell(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** One of the files that `serve --dev` makes. */
  file(name: string): string {
    return join(this.directory, "dev", name);
  }

  /** The certificate of the CA that `serve --dev` makes. */
  get ca(): string {
    return readFileSync(this.file("ca.pem"), "utf8");
  }

  /** The key of a role that `serve --dev` makes. */
  key(role: string): string {
    return readFileSync(this.file(`keys/${role}`), "utf8");
  }

  /** Ends it and removes its directory. */
  async end(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true });
  }
}

/** Does something with a ledger that everybody on this machine may use, or, with `--dev`, one behind TLS with a key of each role. */
export async function withServer(use: (server: Server) => Promise<void>, ...options: string[]): Promise<void> {
  const server = new Server(...options);
  try {
    await use(await server.start());
  } finally {
    await server.end();
  }
}
