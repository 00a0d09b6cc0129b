/** A run that is steered from its web page: approve, refuse, add, move, pause and stop, with the engine's receipts. */
import { expect, it } from 'vitest';
import { CHROMIUM, openBrowser, openPage, seriousProblems, WITHOUT_CHROMIUM } from '../support/browser.js';
import { dashboardOf } from '../support/dashboard.js';
import { HeldRun } from '../support/held-run.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];

it.skipIf(CHROMIUM === null)(
  `the page steers a run${WITHOUT_CHROMIUM}`,
  async () => {
    await using held = await HeldRun.create();
    const { run } = held;
    await held.letEnd(...SEEDS);
    held.start(...run.firstFlags(), '--approve', 'plans', '--max-concurrency', '1', '--max-iterations', '1');
    await run.untilEvent((event) => event.type === 'plan_received');
    await using browser = await openBrowser();
    const { url } = await dashboardOf(run.workdir);
    const page = await openPage(browser, `${url}#/0/queue`);
    const receipt = (text: string | RegExp) => page.locator('.receipt', { hasText: text }).waitFor();

    // One yes and one no, with its reason.
    const proposals = page.locator('.proposal');
    await proposals.nth(1).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    const [first = '', second = ''] = await proposals.locator('h3 a').allTextContents();
    await proposals.filter({ hasText: first }).getByRole('button', { name: 'Approve', exact: true }).click();
    await receipt(`Approve ${first}`);
    await proposals.filter({ hasText: second }).getByRole('textbox').fill('too large for this machine');
    await proposals.filter({ hasText: second }).getByRole('button', { name: 'Refuse' }).click();
    await receipt(`Refuse ${second}`);
    const refused = await run.untilEvent((event) => event.type === 'experiment_cancelled' && event.nodeId === second);
    expect(JSON.stringify(refused)).toContain('too large for this machine');
    await held.untilStarted(first);
    await proposals.first().waitFor({ state: 'detached' });

    // Two of a person's own wait for the job that runs, and change places.
    for (const [name, concurrency] of [
      ['one', 5],
      ['two', 6],
    ] as const) {
      await page.getByText('Add an experiment').click();
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('What to change').fill(`In the script set concurrency ${concurrency}, batch size 32`);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await receipt(`Add ${name}`);
      await page.getByText('Add an experiment').click();
    }
    const queue = page.locator('.queue tbody tr');
    await queue.nth(1).waitFor();
    expect(await queue.locator('a').allTextContents()).toEqual(['004_one', '005_two']);
    await page.getByRole('button', { name: 'Move 005_two up' }).click();
    await receipt('Move 005_two');
    await queue.first().getByText('005_two').waitFor();
    expect((await held.queue()).map(({ node_id }) => node_id)).toEqual(['005_two', '004_one']);

    await page.getByRole('button', { name: 'Pause' }).click();
    await receipt(/running jobs go on/);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Dismiss').click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Stop …' }).click();
    await page.getByRole('button', { name: 'Kill the jobs' }).click();
    await receipt('Stop');
    await run.untilEvent((event) => event.type === 'stopped');
    await page.locator('.state', { hasText: 'stopped' }).waitFor();
    expect(await held.livingOf(first)).toEqual([]);
  },
  240_000,
);
