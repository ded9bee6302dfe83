// What people come for, from the front page: each is done by what a person sees.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

async function logIn(page, served, name) {
  await page.goto(`${served.url}/?lang=en`);
  await page.getByLabel('API key').fill(served.keys[name]);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

export const tasks = {
  'a partner manager settles who owns a lead after a termination': {
    async run(page, { demo, check }) {
      await page.goto(`${demo}/?lang=en`);
      await page.keyboard.press('/');
      await page.keyboard.type('lead-gallery');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'lead-gallery' }).waitFor();
      const now = await page.locator('.sentence').innerText();
      check(/the house owns the lead since 2025-10-31 because its agreement harbor-channel ended|owns the lead since 2025-10-31/.test(now), now);
      await page.getByText('As of now').click();
      await page.getByLabel('As of the end of').fill('2025-10-15');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.getByText('This is not the present').waitFor();
      const before = await page.locator('.sentence').innerText();
      check(before.startsWith('harbor owns the lead since 2025-03-12'), before);
    },
  },
  'an auditor finds why a balance changed after a month, and proves it': {
    async run(page, { served, check, program, directory, read, write }) {
      await logIn(page, served, 'auditor');
      await page.getByRole('link', { name: 'Partners', exact: true }).click();
      await page.getByRole('link', { name: 'Northwind Commerce' }).click();
      await page.getByRole('link', { name: 'Statement', exact: true }).click();
      await page.getByLabel(/^Month/).fill('2025-07');
      await page.getByRole('button', { name: 'Filter' }).click();
      const row = page.getByRole('row').filter({ hasText: 'reversal' });
      check((await row.innerText()).includes('-100.00 USD'), await row.innerText());
      await row.getByRole('link').first().click();
      await page.getByRole('heading', { name: /^Record \d+: sale_refunded$/ }).waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Proof to download' }).click();
      const proof = join(directory, 'proof');
      await (await download).saveAs(proof);
      check(read(proof, 'utf8').startsWith('c2sp.org/tlog-proof@v1'), 'it is a proof');
      const record = join(directory, 'record.json');
      const again = page.waitForEvent('download');
      await page.getByRole('link', { name: 'JSON' }).click();
      await (await again).saveAs(record);
      check(JSON.parse(read(record, 'utf8')).event.sale_refunded.refund_id === 'refund-1', 'its JSON is of the refund');
      const bytes = join(directory, 'record');
      const exact = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Exact bytes that it proves' }).click();
      await (await exact).saveAs(bytes);
      const policy = join(directory, 'policy');
      write(policy, `log ${served.verifier}\nquorum none\n`);
      const position = /Record (\d+)/.exec(await page.getByRole('heading', { level: 1 }).innerText())[1];
      const told = execFileSync(program, ['verify-proof', proof, '--record', bytes, '--policy', policy], { encoding: 'utf8' });
      check(told.includes(position), `the proof is checked without the ledger: ${told}`);
    },
  },
  'finance pays this month\'s partners, without scripts': {
    scripts: false,
    async run(page, { served, check }) {
      await logIn(page, served, 'finance');
      for (let paid = 0; paid < 20; paid += 1) {
        await page.getByRole('link', { name: 'Payables', exact: true }).click();
        const pay = page.getByRole('link', { name: /^Pay / });
        if ((await pay.count()) === 0) {
          check(paid > 2, `${paid} were paid`);
          return;
        }
        await pay.first().click();
        await page.getByLabel('Method').fill('bank');
        await page.getByRole('button', { name: 'See what comes of it' }).click();
        await page.getByText('(payment)').waitFor();
        await page.getByRole('button', { name: 'Record it' }).click();
        await page.getByText('It is recorded.').waitFor();
      }
      check(false, 'there is no end of payables');
    },
  },
  'somebody logs in with an issuer, and out again': {
    async run(page, { served, check }) {
      await page.goto(`${served.url}/leads?lang=en`);
      await page.getByRole('link', { name: 'Log in with id' }).click();
      await page.locator('input[name=login]').fill('ploy');
      await page.locator('input[name=password]').fill('any');
      await page.getByRole('button', { name: /sign-in/i }).click();
      await page.getByRole('button', { name: /continue/i }).click();
      await page.getByRole('heading', { name: 'Leads' }).waitFor();
      check((await page.locator('.person').innerText()).startsWith('ploy'), 'it is known who looks');
      const cookies = await page.context().cookies(served.url);
      const session = cookies.find((cookie) => cookie.name === '__Host-session');
      check(session?.httpOnly && session.secure && session.sameSite === 'Lax', JSON.stringify(cookies));
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('API key').waitFor();
      await page.goto(`${served.url}/leads`);
      check(page.url().includes('/login?'), page.url());
    },
  },
  'a partner sees what it is owed and why, and what is its own alone': {
    async run(page, { served, check, analyze, shots }) {
      await page.goto(`${served.url}/?lang=en`);
      await analyze();
      await logIn(page, served, 'beacon');
      await page.getByRole('heading', { name: 'What you are owed' }).waitFor();
      await analyze();
      if (shots) await page.screenshot({ path: join(shots, 'portal.png'), fullPage: true });
      await page.getByRole('link', { name: 'How this comes about' }).click();
      await page.getByRole('heading', { name: 'Beacon Consulting' }).waitFor();
      await analyze();
      await page.getByRole('link', { name: 'Every entry of this balance' }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: /^CSV/ }).click();
      check((await (await download).suggestedFilename()) === 'partners-beacon-statement-entries.csv', 'the statement is a file');
      await page.getByRole('link', { name: 'sale-bakery-1' }).first().click();
      await page.getByText('240.00 USD were earned by rule referral').waitFor();
      await page.goto(`${served.url}/partners/northwind?lang=en`);
      await page.getByRole('heading', { name: 'Not known here' }).waitFor();
      check((await page.getByRole('link', { name: /^(Record a payout|Open a dispute|Reassign)$/ }).count()) === 0, 'nothing is offered that it may not do');
      await page.setViewportSize({ width: 320, height: 800 });
      await page.goto(`${served.url}/?lang=th`);
      check((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'the portal scrolls sideways');
      await analyze();
    },
  },
  'two clicks record one event': {
    async run(page, { demo, check }) {
      await page.goto(`${demo}/act/hold?partner_id=quarry&lang=en`);
      await page.getByLabel('Reason').fill('bank details changed');
      await page.getByRole('button', { name: 'See what comes of it' }).click();
      await page.getByRole('button', { name: 'Record it' }).dblclick();
      await page.getByText('It is recorded.').waitFor();
      await page.goto(`${demo}/records?type=partner_hold_placed&lang=en`);
      const rows = await page.getByRole('row').filter({ hasText: 'quarry' }).count();
      check(rows === 1, `${rows} holds`);
    },
  },
};
