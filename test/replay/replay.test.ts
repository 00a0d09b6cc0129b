/** Kept histories replay with today's workflows: a change that would decide otherwise in a run under way fails here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { makeDataConverter } from '../../worker/encryption/data-converter.js';

const ROOT = packageFile('test', 'replay', 'histories');
const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.json'))
  .sort();

function read(path: string) {
  const { workflowId, history } = JSON.parse(readFileSync(`${ROOT}/${path}`, 'utf8')) as {
    workflowId: string;
    history: unknown;
  };
  return { workflowId, history: historyFromJSON(history) };
}

function options(): ReplayWorkerOptions {
  return { workflowBundle: { codePath: inject('workflowBundle') }, dataConverter: makeDataConverter() };
}

describe('kept histories', () => {
  it('are there', () => {
    expect(existsSync(ROOT)).toBe(true);
    expect(FILES.length).toBeGreaterThanOrEqual(3);
  });

  describe('each of them', () => {
    /** By file. One worker reads the bundle once, and replays them all. */
    const outcomes = new Map<string, Error | undefined>();

    beforeAll(async () => {
      const left = [...FILES];
      for await (const { error } of Worker.runReplayHistories(options(), FILES.map(read)))
        outcomes.set(left.shift()!, error);
    });

    it.each(FILES)('%s', (path) => {
      expect(outcomes.has(path), 'it was replayed').toBe(true);
      const error = outcomes.get(path);
      if (error !== undefined) throw error;
    });
  });

  it('a history that was tampered with does not replay', async () => {
    const path = FILES.find((file) => file.includes('plans-until-the-planner-stops.engine-1'))!;
    const { workflowId, history } = read(path);
    const scheduled = history.events?.filter((event) => event.activityTaskScheduledEventAttributes) ?? [];
    const attributes = scheduled[2]?.activityTaskScheduledEventAttributes;
    if (attributes?.activityType) attributes.activityType.name = 'somethingElse';
    await expect(Worker.runReplayHistory(options(), history, workflowId)).rejects.toThrow(/[Nn]ondeterminism/);
  });
});
