// The console in a browser: every page in both languages, light and dark, narrow and wide, with scripts and without – no finding
// of axe, no violation of the policy, nothing that scrolls sideways –, and what three people come for, from the front page.
//
//   npm install playwright-core @axe-core/playwright oidc-provider; apt-get install chromium
//   node run.mjs --program target/debug/partnership-ledger --modules node_modules [--chromium /usr/bin/chromium] [--shots DIR] [--only PAGES]
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Demo, Served, issuer } from './servers.mjs';
import { tasks } from './tasks.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string' },
    modules: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const require = createRequire(join(resolve(options.modules), 'none.js'));
const { chromium } = require('playwright-core');
const { AxeBuilder } = require('@axe-core/playwright');
const here = dirname(fileURLToPath(import.meta.url));
const stories = join(here, '../../../src/cli/demo/stories');

// The pages of the demo's ledger, each kind at least once, also empty, past, refused, and unknown.
const PAGES = {
  overview: '/',
  partners: '/partners',
  partner: '/partners/northwind',
  'partner-currencies': '/partners/harbor',
  statement: '/partners/northwind/statement?month=2025-07',
  agreements: '/agreements',
  agreement: '/agreements/lumen-webinars',
  leads: '/leads',
  lead: '/leads/lead-bakery',
  'lead-passed': '/leads/lead-gallery',
  sales: '/sales',
  sale: '/sales/sale-bakery-1',
  'sale-parts': '/sales/sale-fleet-1',
  campaigns: '/campaigns',
  campaign: '/campaigns/booth-2025',
  payables: '/payables?all=yes',
  payouts: '/payouts',
  disputes: '/disputes',
  metrics: '/metrics?from=2025-01-01&to=2025-12-31',
  alerts: '/alerts',
  records: '/records',
  record: '/records/4',
  search: '/search?q=e',
  past: '/partners/northwind?as_of=2025-06-30&position=208',
  act: '/act/payout?partner_id=beacon',
  unknown: '/partners/nobody',
};

// What axe looks for.
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const pages = Object.entries(PAGES).filter(([name]) => new RegExp(options.only).test(name));
const findings = [];
const say = (finding) => {
  findings.push(finding);
  console.log(`NOT ok  ${finding}`);
};

/** Notes what a page does against its policy, and what goes wrong in it; `name` says which page it is by then. */
function watch(page, name) {
  page.on('pageerror', (error) => say(`${name()}: ${error.message}`));
  page.on('console', (message) => {
    // A page that is refused says so by its status.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) say(`${name()}: ${message.text()}`);
  });
}

/** Has axe look at a page. */
async function analyze(page, what) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  for (const { id, help, nodes } of violations) say(`${what}: ${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}

/** Looks at all pages with one setting. Returns how many those were. */
async function look(browser, base, { language, scheme, width, scripts }) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: scripts, reducedMotion: 'reduce' });
  const page = await context.newPage();
  let what = '';
  watch(page, () => what);
  for (const [name, path] of pages) {
    what = `${name} ${language} ${scheme} ${width}${scripts ? '' : ' without scripts'}`;
    await page.goto(`${base}${path}${path.includes('?') ? '&' : '?'}lang=${language}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) say(`${what}: scrolls sideways by ${wide} px`);
    if (scripts) await analyze(page, what);
    if (options.shots && scripts) await page.screenshot({ path: join(options.shots, `${name}-${language}-${scheme}-${width}.png`), fullPage: true });
  }
  await context.close();
  return pages.length;
}

const flags = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: options.chromium, args: flags });
const directory = mkdtempSync(join(tmpdir(), 'console-'));
const ends = [];
try {
  const demo = await Demo.start(options.program);
  ends.push(() => demo.end());
  let seen = 0;
  for (const language of ['en', 'th'])
    for (const width of [320, 1280]) {
      for (const scheme of ['light', 'dark']) seen += await look(browser, demo.url, { language, scheme, width, scripts: true });
      seen += await look(browser, demo.url, { language, scheme: 'light', width, scripts: false });
    }
  console.log(`ok  ${seen} looks at ${pages.length} pages`);

  const idp = await issuer(require.resolve('oidc-provider'));
  ends.push(() => idp.end());
  const served = await Served.start(options.program, directory, stories, idp);
  ends.push(() => served.end());
  for (const [name, task] of Object.entries(tasks)) {
    const context = await browser.newContext({ javaScriptEnabled: task.scripts ?? true, acceptDownloads: true });
    const page = await context.newPage();
    watch(page, () => name);
    page.setDefaultTimeout(20_000);
    try {
      await task.run(page, { demo: demo.url, served, program: options.program, directory, analyze: () => analyze(page, `${name}: ${page.url()}`), shots: options.shots, check: (is, what) => { if (!is) throw new Error(what); }, read: readFileSync, write: writeFileSync });
      console.log(`ok  ${name}`);
    } catch (error) {
      say(`${name}: ${error.message} at ${page.url()}`);
    }
    await context.close();
  }
} finally {
  await browser.close();
  for (const end of ends.reverse()) await end();
  rmSync(directory, { recursive: true, force: true });
}
if (findings.length > 0) {
  console.log(`${findings.length} findings`);
  process.exit(1);
}
