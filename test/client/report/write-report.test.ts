/** `report` on a run that was recorded, with a real source and a scripted stand-in for the `claude` command. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { reapLeftovers } from '../../../agents/agent-process-record.js';
import { writeReport } from '../../../client/report/write-report.js';
import type { RunConfig } from '../../../domain/formats/config.js';
import type { EngineEvent, Money } from '../../../domain/run/event-types.js';
import { NOTHING } from '../../../domain/run/ledger.js';
import { readJsonIfAny, readTextIfAny, writeJsonAtomic } from '../../../host/atomic-file.js';
import { packageFile } from '../../../host/package-files.js';
import { isSameProcess } from '../../../host/process-identity.js';
import { openSourceControl } from '../../../source/control/open.js';
import { readConfig } from '../../../workdir/config-file.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { acquireEngineLock } from '../../../worker/engine-lock.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { autoresearch, fingerprint, temporaryFolder } from '../command-line.js';

const CLAUDE = packageFile('test', 'fixtures', 'agents', 'scripted-claude.py');

/** A run whose base commit is that of a real project, and the list of the calls of its agent. */
async function measuredRun(choice: Partial<RunConfig> = {}) {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  await cp(packageFile('test', 'fixtures', 'projects', 'knobs'), source, { recursive: true });
  const run = syntheticRun({ followUps: 6, stopped: true });
  const { workdir, context } = await syntheticWorkdir(run);
  const config = {
    ...context.config,
    agent: 'claude',
    agent_command: CLAUDE,
    source_dir: source,
    scm: '' as const,
    pipeline_script: join(source, 'train.py'),
    base_launch_command: `python3 ${join(source, 'train.py')}`,
    ...choice,
  };
  await writeJsonAtomic(workdir.config, config);
  const commit = await (await openSourceControl({ workdir, config })).anchor();
  const events = run.events.map(
    (event): EngineEvent =>
      event.type === 'setup_completed' ? { ...event, anchorCommit: commit, baseCommit: commit } : event,
  );
  await openRunLog(workdir).append(events);
  const ledger = join(folder, 'agent.jsonl');
  vi.stubEnv('AGENT_LEDGER', ledger);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const calls = async () => ((await readTextIfAny(ledger)) ?? '').trim().split('\n').filter(Boolean);
  return { workdir, events, calls };
}

/** What an event after the run's end books, under a limit of US dollars. */
function spentOf(events: readonly EngineEvent[], usd: number, budgetUsd: number): EngineEvent[] {
  const { seq, atMs } = events.at(-1)!;
  const settle: Money['settle'] = [{ phase: 'plan', key: 'plan', spent: { ...NOTHING, usd }, unpriced: 0 }];
  return [
    {
      seq: seq + 1,
      atMs,
      type: 'limits_set',
      limits: { budgetUsd },
      money: { reserve: { plan: { ...NOTHING, usd } } },
    },
    { seq: seq + 2, atMs, type: 'note_added', text: 'paid', money: { settle } },
  ];
}

it('writes both reports, books the call, and is not paid again for the same results', async () => {
  const { workdir, calls } = await measuredRun();
  const said = await autoresearch('report', workdir.root);
  expect(said).toMatchObject({ code: 0, err: '' });
  expect(said.out).toMatch(
    /^report: .*report\.md\nfinal report: .*final_report\.md, written by claude\nspent: 0\.01 US dollars, [\d,]+ tokens\n$/,
  );
  expect(await readFile(workdir.finalReport, 'utf8')).toMatch(
    /^# Final report\n\nAll went well\.\n\n## Taking it over\n/,
  );
  expect(await readFile(workdir.report, 'utf8')).toContain('# Report of run r1');
  expect(await readJsonIfAny(workdir.at('engine', 'calls', 'report_9.json'))).toMatchObject({
    costs: [{ usd: 0.01 }],
  });
  const spent = async () => (await openRunLog(workdir).state()).ledger.spent.usd;
  expect(await spent()).toBeCloseTo(0.01, 9);
  await writeFile(workdir.finalReport, 'lost\n');
  const again = JSON.parse((await autoresearch('report', workdir.root, '--json')).out);
  expect(again).toMatchObject({ by_rules: null, agent: 'claude', spent: { usd: 0, tokens: 0, unpriced: 0 } });
  expect(await spent()).toBeCloseTo(0.01, 9);
  expect(await readFile(workdir.finalReport, 'utf8')).toMatch(
    /^# Final report\n\nAll went well\.\n\n## Taking it over\n/,
  );
  expect(await calls()).toHaveLength(1);
});

it('is made by rules, with the reason and exit code 1, when the agent fails', async () => {
  const { workdir } = await measuredRun({ agent_command: '/no/such/agent' });
  const said = await autoresearch('report', workdir.root);
  expect(said.code).toBe(1);
  expect(said.out).toContain('final_report.md, made by rules: ');
  expect(said.out).toContain('there is no such command');
  expect(await readFile(workdir.finalReport, 'utf8')).toBe(await readFile(workdir.report, 'utf8'));
});

it('asks no agent when the budget is spent', async () => {
  const { workdir, events, calls } = await measuredRun({ budget_usd: 1 });
  await openRunLog(workdir).append(spentOf(events, 0.9, 1));
  const { out, code } = await autoresearch('report', workdir.root);
  expect(code).toBe(1);
  expect(out).toContain('made by rules: 0.9 of 1 US dollars are spent and the next step does not fit');
  expect(await calls()).toEqual([]);
});

it('uses an answer that is there, whatever the budget', async () => {
  const { workdir, events, calls } = await measuredRun({ budget_usd: 1 });
  expect((await autoresearch('report', workdir.root)).code).toBe(0);
  await openRunLog(workdir).append(spentOf(events, 0.9, 1));
  expect((await autoresearch('report', workdir.root)).code).toBe(0);
  expect(await calls()).toHaveLength(1);
});

it('refuses a run that never measured anything, and leaves its workdir as it was', async () => {
  const run = syntheticRun({ followUps: 0 });
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events.slice(0, 5));
  const files = async () => (await fingerprint(workdir.root)).filter((line) => !line.startsWith('engine '));
  const before = await files();
  const said = await autoresearch('report', workdir.root);
  expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining('a run that has measured something') });
  expect(await files()).toEqual(before);
});

it('refuses a run that an engine works on, and an agent that cannot be used', async () => {
  const { workdir } = await measuredRun();
  const lock = await acquireEngineLock(workdir);
  const busy = await autoresearch('report', workdir.root);
  expect(busy).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`process ${process.pid}`) });
  await lock.release();
  await writeJsonAtomic(workdir.config, { ...(await readConfig(workdir)), agent: '/no/agent.mjs' });
  const gone = await autoresearch('report', workdir.root);
  expect(gone).toMatchObject({ code: 2, out: '', err: expect.stringContaining('config.json: agent: "/no/agent.mjs"') });
});

it('ends the agent when it is interrupted, and leaves the final report as it was', async () => {
  const { workdir } = await measuredRun();
  vi.stubEnv('AGENT_SECONDS', '600');
  await writeFile(workdir.finalReport, 'of before\n');
  const interrupt = new AbortController();
  const reported = writeReport(workdir.root, interrupt.signal);
  reported.catch(() => undefined);
  const processFile = workdir.at('engine', 'calls', 'report_9.pid.json');
  const agent = await Promise.race([untilWritten(processFile), reported]);
  expect(agent).toMatchObject({ pid: expect.any(Number), identity: expect.any(String) });
  const { pid, identity } = agent as { pid: number; identity: string };
  interrupt.abort(new Error('interrupted'));
  await expect(reported).rejects.toThrow('interrupted');
  expect(await readFile(workdir.finalReport, 'utf8')).toBe('of before\n');
  await vi.waitFor(async () => expect(await isSameProcess(pid, identity)).toBe(false), { timeout: 30_000 });
  expect(await reapLeftovers(workdir)).toEqual([]);
});

async function untilWritten(file: string): Promise<unknown> {
  for (;;) {
    const json = await readJsonIfAny(file);
    if (json !== null) return json;
    await sleep(20);
  }
}
