/** Every version of what an engine carries is read, and whatever cannot be read is refused in words. */

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queueView, treeView } from '../../../domain/protocol/views.js';
import { readCarried, readState, STATE_VERSION } from '../../../domain/run/carried-format.js';
import { carriedState } from '../../../domain/run/carried-state.js';
import { withLaterLimits } from '../../../domain/run/limits.js';
import { describeRun } from '../../../domain/run/run-details.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import { planningVerdict } from '../../../domain/schedule/planning.js';
import { dueEvents } from '../../../domain/verdict/consequences.js';
import { packageFile } from '../../../host/package-files.js';
import { chanceOf, RandomRun } from '../random-run.js';

const FOLDER = packageFile('test', 'fixtures', 'carried-state');
const EXAMPLES = readdirSync(FOLDER).sort();

const example = (name: string) => JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8'));

const run = new RandomRun(chanceOf(5), () => undefined);
for (let step = 0; step < 300; step += 1) run.step();
const LATEST = JSON.stringify({ state: carriedState(run.state), exportedSeq: run.state.seq, chartsAtMs: 1 });
const latest = () => JSON.parse(LATEST);

describe('what an engine is handed over', () => {
  it('is kept as an example for each version', () => {
    const versions = new Set(EXAMPLES.map((name) => example(name).state.stateVersion));
    expect([...versions].sort()).toEqual(Array.from({ length: STATE_VERSION }, (_, index) => index + 1));
  });

  it.each(EXAMPLES)('is read as it was written: %s', (name) => {
    const before = example(name);
    const read = readCarried(before);
    if (!read.ok) throw new Error(read.problem);
    expect(read.value.state.stateVersion).toBe(STATE_VERSION);
    expect(read.value.state).toMatchObject({ ...before.state, stateVersion: STATE_VERSION });
    expect(describeRun(read.value.state)).not.toContain('NaN');
    expect(readCarried(before), 'read again').toEqual(read);
  });

  it('knows the time before the last event of a state that did not keep it', () => {
    const read = readCarried(example('1-of-the-first-release.json'));
    expect(read).toMatchObject({ ok: true, value: { state: { earlierMs: expect.any(Number) } } });
  });

  it('takes each that has ended for a job in a state that did not count them', () => {
    const read = readCarried(example('2-with-rows-left-behind.json'));
    const { completed, failed, cancelled } = example('2-with-rows-left-behind.json').state.tally;
    expect(read.ok && read.value.state.jobs).toBeGreaterThanOrEqual(completed + failed + cancelled);
    expect(readCarried(latest())).toMatchObject({ ok: true, value: { state: { jobs: run.state.jobs } } });
  });

  it.each([
    [
      'a state of a newer program',
      (carried) => (carried.state.stateVersion = 99),
      /stateVersion is 99, and this program/,
    ],
    ['no state', (carried) => delete carried.state, /^state must be an object|^state is missing/],
    ['no ledger', (carried) => delete carried.state.ledger, /^state\.ledger is missing: it must be an object$/],
    [
      'a text for a number',
      (carried) => (carried.state.ledger.spent.usd = '1'),
      /^state\.ledger\.spent\.usd must be a number/,
    ],
    [
      'a status of nobody',
      (carried) => (carried.state.status = 'odd'),
      /^state\.status must be one of setup, .* not "odd"$/,
    ],
    [
      'an open experiment that is not there',
      (carried) => carried.state.open.push('x'),
      /state\.open names "x", which is missing/,
    ],
    ['a best that is not there', (carried) => (carried.state.best = 'x'), /state\.best names "x"/],
    [
      'a running job without its id',
      (carried) => (carried.state.experiments['000_baseline'].state = { status: 'running', commit: 'c', slot: 0 }),
      /^state\.experiments\.000_baseline\.state\.jobId is missing/,
    ],
    [
      'a time that no date can name',
      (carried) => (carried.state.updatedAtMs = 1e300),
      /^state\.updatedAtMs must be a number/,
    ],
    [
      'a repeat named as something that every object has',
      (carried) => (carried.state.confirmation.repeats['000_baseline'] = ['constructor']),
      /^state\.confirmation\.repeats\.000_baseline\.0 must be an id, not "constructor"$/,
    ],
    [
      'an experiment under the name of another',
      (carried) => (carried.state.experiments['000_baseline'].nodeId = '001_mtp'),
      /^state\.experiments\.000_baseline\.nodeId must be "000_baseline", not "001_mtp"$/,
    ],
    ['no number of its last export', (carried) => delete carried.exportedSeq, /^carried\.exportedSeq is missing/],
  ] as [string, (carried: ReturnType<typeof latest>) => unknown, RegExp][])('refuses %s', (_, damage, problem) => {
    const carried = latest();
    damage(carried);
    const read = readCarried(carried);
    expect(read.ok ? 'read' : read.problem).toMatch(problem);
  });

  it.each([null, undefined, 1, 'x', [], {}])('refuses %j', (value) => {
    expect(readCarried(value).ok).toBe(false);
    expect(readState(value).ok).toBe(false);
  });

  it('names each field that is missing, at any depth', () => {
    const whole = latest();
    // What came later is absent in states of before, and what is being withdrawn where nothing is.
    const later = [
      'jobs',
      'lastPreparingMs',
      'withdrawing',
      ...Object.keys(withLaterLimits({})).map((field) => `limits.${field}`),
    ];
    for (const path of requiredPaths(whole.state).filter((each) => !later.includes(each.join('.')))) {
      const damaged = structuredClone(whole);
      const owner = path.slice(0, -1).reduce((value, key) => value[key], damaged.state);
      delete owner[path.at(-1)!];
      const read = readCarried(damaged);
      expect(read.ok ? 'read' : read.problem, path.join('.')).toContain(`${path.join('.')} is missing`);
    }
  });

  it('never throws, whatever stands in a field, and what it takes can be described and decided by', () => {
    const paths = valuePaths(latest().state);
    const values = fc.oneof(fc.jsonValue(), fc.constantFrom(...NAMES_OF_OBJECTS), fc.double(), fc.maxSafeInteger());
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        const damaged = latest();
        const owner = path.slice(0, -1).reduce((each, key) => each[key], damaged.state);
        owner[path.at(-1)!] = value;
        const read = readCarried(damaged);
        if (!read.ok) return;
        const { state } = read.value;
        expect(describeRun(state)).not.toContain('cannot be described');
        for (const decide of [dueEvents, planningVerdict, treeView, queueView, carriedState]) decide(state);
        nextMove(state, 3);
        limitReached(state, 0, 3);
      }),
      { numRuns: 150 },
    );
  });
});

/** Ids that every object seems to have. */
const NAMES_OF_OBJECTS = ['__proto__', 'constructor', 'toString', ''];

/** Where a value stands, at any depth. */
function valuePaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, each]) => valuePaths(each, [...path, key]));
  return path.length === 0 ? inside : [path, ...inside];
}

it('says so where a state cannot be described, instead of stopping the engine', () => {
  const state = { ...latest().state, updatedAtMs: Number.NaN };
  expect(describeRun(state)).toMatch(/^the run goes on, but cannot be described here \(RangeError: .*\)$/);
});

/** Fields of fixed names down to the third level; what is keyed by ids or may be absent is left out. */
function requiredPaths(state: Record<string, unknown>): string[][] {
  const fixed = ['limits', 'repair', 'tally', 'ledger', 'confirmation'];
  return Object.keys(state)
    .filter((field) => field !== 'confirmation')
    .flatMap((field) => [
      [field],
      ...(fixed.includes(field) ? Object.keys(state[field] as object).map((key) => [field, key]) : []),
    ]);
}
