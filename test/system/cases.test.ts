/** The cases of test/cases up to their baselines; `npm run cases` runs them to their ends. */
import { readdirSync } from 'node:fs';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

/** A case starts a server, a worker and a job of its own, beside other tests: longer than this is a hang. */
const LIMIT_MS = 400_000;

const folder = packageFile('test', 'cases');
const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

it.each(names.map(({ name }) => name))(
  '%s',
  async (name) => {
    const { exitCode, all } = await execa(
      process.execPath,
      [packageFile('test', 'cases', 'main.mjs'), '--short', name],
      {
        all: true,
        reject: false,
      },
    );
    expect(all).toContain('1 cases right, 0 wrong');
    expect(exitCode).toBe(0);
  },
  LIMIT_MS,
);
