// What the pages show is run as it stands, against a server.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT, withServer } from "./server.js";

const PAGES = {
  "README.md": "payable 99.80 USD\n",
  "proto/clients/typescript/README.md": "4 recorded\npayable 99.80 USD\nrefused: EXCEEDS_PAYABLE\n",
};
const CLIENT = join(ROOT, "proto/clients/typescript");

/** The first block of TypeScript on a page. */
function example(page: string): string {
  const found = /^```typescript\n(.*?)^```$/ms.exec(readFileSync(join(ROOT, page), "utf8"))?.[1];
  assert.ok(found, `${page} shows no TypeScript`);
  return found;
}

/** The file that the first screen makes. */
function firstEvents(): string {
  const found = /^cat > events.jsonl <<'EOF'\n(.*?)^EOF$/ms.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1];
  assert.ok(found);
  return found;
}

for (const [page, output] of Object.entries(PAGES)) {
  test(`the first example of ${page}`, () =>
    withServer(async (server) => {
      // Within the package, so that it is found by its own name.
      const folder = mkdtempSync(join(CLIENT, "dist/example-"));
      try {
        writeFileSync(join(folder, "example.ts"), example(page));
        writeFileSync(join(folder, "events.jsonl"), firstEvents());
        const run = promisify(execFile);
        const options = ["--strict", "--target", "ES2022", "--module", "NodeNext", "--skipLibCheck", "--types", "node"];
        const folders = ["--rootDir", CLIENT, "--outDir", CLIENT];
        const compiling = run(join(CLIENT, "node_modules/.bin/tsc"), [...options, ...folders, join(folder, "example.ts")]);
        await compiling.catch(({ stdout }: { stdout: string }) => assert.fail(stdout));
        const env = { ...process.env, PARTNERSHIP_LEDGER_ADDRESS: server.address };
        assert.deepEqual(await run(process.execPath, [join(folder, "example.js")], { cwd: folder, env }), { stdout: output, stderr: "" });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));
}
