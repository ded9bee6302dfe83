// What the browser looks at: the demo with its console, a guarded server that has the stories, an issuer of OpenID Connect.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Starts a process and waits for a line; returns both. */
async function started(program, words, wanted, options = {}) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  child.stdout.setEncoding('utf8');
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const found = wanted.exec(line);
    if (found) {
      child.stdout.resume();
      return [child, found[1], said];
    }
  }
  throw new Error(`${program} ${words.join(' ')} ended: ${said.slice(-3).join(' / ')}`);
}

export class Demo {
  static async start(program) {
    const demo = new Demo();
    [demo.child, demo.url] = await started(program, ['demo', '--console', '127.0.0.1:0'], /(http:\/\/127\.0\.0\.1:\d+)\/$/);
    return demo;
  }

  end() {
    return ended(this.child);
  }
}

/** Ends a process, and waits until it has. */
function ended(child) {
  const exited = new Promise((exit) => child.once('exit', exit));
  child.kill();
  return exited;
}

const STORIES = ['referral', 'marketplace', 'payout', 'claims', 'termination', 'split'];

/** The events of the stories with ids, and a sale to each of 20 customers of the marketplace. */
function events(stories) {
  const lines = STORIES.flatMap((name) => readFileSync(join(stories, `${name}.jsonl`), 'utf8').split('\n').filter(Boolean));
  const market = Array.from({ length: 20 }, (_, number) => {
    const [lead, time] = [`lead-market-${String(number + 1).padStart(3, '0')}`, '2025-02-01T00:00:00Z'];
    const referred = { occurred_at: time, lead_referred: { lead_id: lead, agreement_id: 'northwind-marketplace', acquired_by: 'ACQUIRED_BY_PARTNER' } };
    const sold = { occurred_at: time, sale_recorded: { sale_id: `sale-${lead.slice(5)}`, lead_id: lead, amount: { currency_code: 'USD', minor_units: '250000' } } };
    return [JSON.stringify(referred), JSON.stringify(sold)];
  }).flat();
  const place = lines.findIndex((line) => line.includes('commission_paid'));
  lines.splice(place, 0, ...market);
  const id = (number) => createHash('sha256').update(`console ${number}`).digest('hex').slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
  return lines.map((line, number) => JSON.stringify({ event_id: id(number), ...JSON.parse(line) })).join('\n');
}

export class Served {
  static async start(program, directory, stories, idp) {
    const served = new Served();
    const ledger = join(directory, 'ledger');
    const key = join(directory, 'checkpoint.key');
    served.verifier = execFileSync(program, ['checkpoint-key', 'new', key, '--origin', 'console.example/ledger'], { encoding: 'utf8' }).trim();
    const access = join(directory, 'access.toml');
    const people = { admin: 'roles = ["admin"]', finance: 'roles = ["finance"]', auditor: 'roles = ["auditor"]', beacon: 'roles = ["partner"]\npartner = "beacon"' };
    let text = `[[issuer]]\nname = "id"\nissuer = "${idp.url}"\naudience = "console"\nkeys = "${idp.url}/jwks"\n\n`;
    served.keys = {};
    for (const [name, lines] of Object.entries(people)) {
      const secret = createHash('sha256').update(`${name} ${Math.random()}`).digest('hex');
      const id = secret.slice(0, 16);
      served.keys[name] = `plk_${id}_${secret}`;
      const hash = createHash('sha256').update(served.keys[name]).digest('hex');
      text += `[[principal]]\nname = "${name}"\n${lines}\n[[principal.key]]\nid = "${id}"\nsha256 = "${hash}"\n\n`;
    }
    text += '[[principal]]\nname = "ploy"\nroles = ["manager"]\n[[principal.claim]]\nissuer = "id"\nclaim = "sub"\nvalue = "ploy"\n';
    writeFileSync(access, text, { mode: 0o600 });
    const port = await freePort();
    served.url = `http://127.0.0.1:${port}`;
    idp.serve(`${served.url}/login/callback`);
    const words = ['serve', '--data-dir', ledger, '--listen', '127.0.0.1:0', '--access', access, '--checkpoint-key', key, '--console', `127.0.0.1:${port}`];
    const login = ['--console-login', 'id', '--console-client', 'console', '--console-url', served.url];
    [served.child, served.grpc] = await started(program, [...words, ...login], /^listening on (.*)$/);
    const environment = { ...process.env, PARTNERSHIP_LEDGER_KEY: served.keys.admin };
    execFileSync(program, ['--address', `http://${served.grpc}`, 'append'], { input: events(stories), env: environment, stdio: ['pipe', 'ignore', 'inherit'] });
    return served;
  }

  end() {
    return ended(this.child);
  }
}

function freePort() {
  const server = createServer();
  return new Promise((found) => server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => found(port));
  }));
}

/** An issuer whose login asks for a name. Its client is known once the console's address is. */
export async function issuer(path) {
  const { default: Provider } = await import(path);
  const server = createServer();
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${server.address().port}`;
  const serve = (redirect) => {
    const client = { client_id: 'console', redirect_uris: [redirect], response_types: ['code'], grant_types: ['authorization_code'], token_endpoint_auth_method: 'none', application_type: 'native' };
    const provider = new Provider(url, { clients: [client], features: { devInteractions: { enabled: true } }, cookies: { keys: ['of a test'] } });
    server.on('request', provider.callback());
  };
  return { url, serve, end: () => server.close() };
}
