import { readFile, writeFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { makeExportWorkdir } from '../../activities/export-workdir.js';
import { makeLoadState } from '../../activities/load-state.js';
import type { EngineRef } from '../../domain/protocol/activities.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { openRunLog } from '../../workdir/event-log.js';
import { type LogPlace, readLogOwner } from '../../workdir/log-owner.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';

const OWN: LogPlace = {
  kind: 'embedded',
  address: '127.0.0.1:7233',
  cluster: 'c-own',
  namespace: 'default',
  namespace_id: 'n-own',
};
const SHARED: LogPlace = {
  kind: 'configured',
  address: 'temporal.example:7233',
  cluster: 'c-shared',
  namespace: 'training',
  namespace_id: 'n-shared',
};
const RUN = syntheticRun({ followUps: 30, open: 2, failuresOfTen: 3 });

async function engines() {
  const { workdir, context } = await syntheticWorkdir(RUN);
  /** A worker of its own, and the engine whose chain it serves. */
  const engine = (place: LogPlace, chain: string, link?: string) => {
    const deps = { context: { ...context, place }, runLog: openRunLog(workdir) };
    const ref: EngineRef = { run: 'r1', chain, ...(link === undefined ? {} : { link }) };
    const exportWorkdir = makeExportWorkdir(deps);
    return {
      begin: () => makeLoadState(deps)(ref),
      export: (events: readonly EngineEvent[], exported: readonly EngineEvent[] = []) =>
        exportWorkdir({ ...ref, events: [...events], exported: [...exported] }),
    };
  };
  return { workdir, engine, lines: async () => (await readFile(workdir.events, 'utf8')).split('\n').length - 1 };
}

/** Tried again, it would be refused again: it must not be. */
async function refusedForGood(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  expect((error as ApplicationFailure).nonRetryable).toBe(true);
  return (error as ApplicationFailure).message;
}

/** What another engine would have recorded in place of these. */
const otherwise = (events: readonly EngineEvent[]) => events.map((event) => ({ ...event, atMs: event.atMs + 1 }));
const { events } = RUN;

describe('an engine of another place', () => {
  test('neither begins nor goes on with a log that is not its own, and cuts nothing off', async () => {
    const { engine, lines } = await engines();
    const own = engine(OWN, 'a');
    expect(await own.begin()).toBeNull();
    await own.export(events.slice(0, 20));
    const shared = engine(SHARED, 'b');
    expect(await refusedForGood(shared.begin())).toMatch(/belongs to the engine on the workdir's own.*run --take-over/);
    expect(await refusedForGood(shared.export(otherwise(events.slice(15, 30))))).toContain('temporal.example:7233');
    expect(await lines()).toBe(20);
  });

  test('cannot come back once the log has gone on elsewhere', async () => {
    const { engine, lines } = await engines();
    const shared = engine(SHARED, 'b');
    await shared.begin();
    await shared.export(events.slice(0, 150));
    const stale = otherwise(events.slice(0, 40));
    expect(await refusedForGood(engine(OWN, 'a').export(stale))).toContain('belongs to the engine on temporal.example');
    expect(await lines()).toBe(Math.min(150, events.length));
  });
});

describe('an engine of the same place', () => {
  test('that begins after the owner has closed owns the log; the earlier chain, reset, does not get it back', async () => {
    const { engine, workdir, lines } = await engines();
    const [first, second] = [engine(OWN, 'a'), engine(OWN, 'b')];
    await first.begin();
    await first.export(events.slice(0, 10));
    expect((await second.begin())?.seq).toBe(10);
    await second.begin();
    await second.export(events.slice(10, 12));
    await second.export(events.slice(10, 12));
    expect(await refusedForGood(first.export(otherwise(events.slice(10, 14))))).toContain('a later engine');
    expect(await lines()).toBe(12);
    expect(await readLogOwner(workdir)).toMatchObject({ ...OWN, chain: 'b' });
  });

  test('may have its server at another address', async () => {
    const { engine } = await engines();
    await engine(OWN, 'a').export(events.slice(0, 3));
    expect(await engine({ ...OWN, address: '127.0.0.1:40001' }, 'a').export(events.slice(3, 5))).toEqual({ seq: 5 });
  });

  test('is refused for good where the log was put back to an older copy', async () => {
    const { engine, lines } = await engines();
    await engine(OWN, 'a').export(events.slice(0, 6));
    expect(await refusedForGood(engine(OWN, 'a').export(events.slice(9, 12)))).toMatch(
      /event 10 cannot be appended: the log ends at 6.*autoresearch run/,
    );
    expect(await lines()).toBe(6);
  });
});

describe('a run of the chain', () => {
  test('that was reset, or has continued as another, writes nothing any more', async () => {
    const { engine, workdir, lines } = await engines();
    const [first, second, third] = ['1', '2', '3'].map((link) => engine(OWN, 'a', link)) as [Engine, Engine, Engine];
    await first.begin();
    await first.export(events.slice(0, 10));
    await second.export(events.slice(10, 12));
    expect(await refusedForGood(first.export(otherwise(events.slice(10, 14))))).toContain('has gone on in its run 2');
    await third.export(otherwise(events.slice(8, 12)));
    await third.export(events.slice(12, 13));
    expect(await refusedForGood(second.export(events.slice(12, 14)))).toContain('has gone on in its run 3');
    expect(await lines()).toBe(13);
    expect(await readLogOwner(workdir)).toMatchObject({ chain: 'a', links: ['1', '2', '3'] });
    await engine(OWN, 'b', '4').begin();
    expect(await readLogOwner(workdir)).toMatchObject({ chain: 'b', links: ['4'] });
  });

  test('of a version that named no runs goes on as before', async () => {
    const { engine, workdir, lines } = await engines();
    await engine(OWN, 'a').export(events.slice(0, 3));
    const { links: _, ...owner } = (await readLogOwner(workdir))!;
    await writeFile(workdir.logOwner, JSON.stringify(owner));
    await engine(OWN, 'a').export(events.slice(3, 4));
    await engine(OWN, 'a', '1').export(events.slice(4, 5));
    expect(await lines()).toBe(5);
  });
});

test('what the engine has exported right before stands in the log again, whoever wrote something else there', async () => {
  const { engine, workdir } = await engines();
  const [own, other] = [engine(OWN, 'a'), engine(OWN, 'a')];
  await own.export(events.slice(0, 10));
  await other.export(otherwise(events.slice(8, 10)));
  await own.export(events.slice(10, 12), events.slice(0, 10));
  expect(await openRunLog(workdir).events()).toEqual(events.slice(0, 12));
});

type Engine = Awaited<ReturnType<typeof engines>>['engine'] extends (...args: never[]) => infer Made ? Made : never;
