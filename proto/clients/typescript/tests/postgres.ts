// A database for servers that share a ledger: PostgreSQL as Debian installs it, in a directory of its own.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INSTALLED = "/usr/lib/postgresql";
const USER = "postgres";

/** Does something with a database, given its address for `serve --store`. */
export async function withPostgres(use: (address: string) => Promise<void>): Promise<void> {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).map((version) => join(INSTALLED, version, "bin")) : [];
  const programs = versions.filter((bin) => existsSync(join(bin, "initdb"))).sort().at(-1);
  if (programs === undefined) {
    throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  }
  // It refuses to be root's.
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(tmpdir(), "ledger-postgres-"));
  const run = (program: string, ...options: string[]) => {
    const command = [...(isRoot ? ["runuser", "-u", USER, "--"] : []), join(programs, program), ...options, "-D", join(folder, "data")];
    execFileSync(command[0]!, command.slice(1), { stdio: "ignore", cwd: "/" });
  };
  try {
    if (isRoot) {
      execFileSync("chown", [USER, folder]);
    }
    run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
    const reserved = createServer().listen(0, "127.0.0.1");
    await once(reserved, "listening");
    const { port } = reserved.address() as AddressInfo;
    await new Promise((done) => reserved.close(done));
    run("pg_ctl", "start", "-s", "-w", "-o", `-p ${port} -h 127.0.0.1 -k ''`);
    try {
      await use(`postgres://${USER}@127.0.0.1:${port}/postgres?sslmode=disable`);
    } finally {
      run("pg_ctl", "stop", "-s", "-m", "immediate");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
