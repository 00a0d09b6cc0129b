/** A headless Chromium for tests of the web page, where one is installed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { findChromium } from '../../scripts/setup/browser.mjs';

export const CHROMIUM = findChromium();

/** For the title of tests that are skipped. */
export const WITHOUT_CHROMIUM =
  CHROMIUM === null ? ' (skipped: `node scripts/setup.mjs browser` installs Chromium)' : '';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function openBrowser(): Promise<Browser> {
  // Its own sandbox cannot be made by root, and the page is ours.
  return await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
}

export interface PageOptions {
  width?: number;
  colours?: 'light' | 'dark';
}

/** A page that must say no error until the test ends, and must ask nobody but its own server. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1400, colours = 'light' }: PageOptions = {},
): Promise<Page> {
  // The checker of accessibility is put into the page, whose policy lets no other script run.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: colours, bypassCSP: true });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol === 'http:' && to.origin !== new URL(url).origin) errors.push(`it asked ${to.origin}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
  await page.goto(url);
  await page.locator('main h1').waitFor({ state: 'attached' });
  return page;
}

/** What axe finds that is serious or worse, as texts. */
export async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      impact: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}: ${nodes[0]?.failureSummary}`);
  });
}

/** Pixels by which the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate('document.documentElement.scrollWidth - innerWidth');
}
