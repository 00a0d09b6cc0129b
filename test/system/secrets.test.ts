/**
 * Canaries in the environment of a whole run: jobs and builds never see them, and nothing that a run leaves holds them.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { Workdir } from '../../workdir/paths.js';
import { openClient, resolveConnection } from '../../worker/connection.js';
import { stopServer } from '../../worker/server/embedded-server.js';
import { CommandRun, exitOf } from '../support/command-run.js';

const CANARY = 'canary7f3a';
const SECRETS = {
  ANTHROPIC_API_KEY: `sk-ant-${CANARY}-1`,
  OPENAI_API_KEY: `sk-${CANARY}-2`,
  TEMPORAL_CLOUD_API_KEY: `${CANARY}-3`,
  MY_STORE_PASSWORD: `${CANARY}-4`,
};
/** Stands in the run's notes: what shows that a search would find a canary. */
const MARKER = 'marker91bd';

const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, SECRETS);
  delete process.env.TEMPORAL_ADDRESS;
  delete process.env.AUTORESEARCH_CODEC_KEY;
});
afterEach(() => {
  for (const name of Object.keys(SECRETS)) delete process.env[name];
  Object.assign(process.env, before);
});

it('keeps them from jobs, builds, logs, files and histories, and gives the agent its own', async () => {
  await using run = await CommandRun.create({ jobSeconds: 0.2, planSize: 1 });
  const seen = (name: string) => join(run.root, `${name}.env`);
  const train = join(run.source, 'train.py');
  const dump = `\nwith open(${JSON.stringify(seen('job'))}, "a") as file:\n    file.write(json.dumps(dict(os.environ)))\n`;
  await writeFile(train, (await readFile(train, 'utf8')).replace('\ndef throughput', `${dump}\n\ndef throughput`));
  const agent = join(run.root, 'agent.sh');
  const scripted = packageFile('test', 'fixtures', 'agents', 'scripted-claude.py');
  await writeFile(agent, `#!/bin/sh\nenv >> '${seen('agent')}'\nexec '${scripted}' "$@"\n`, { mode: 0o755 });

  const flags = run.firstFlags();
  flags[flags.indexOf('--build-command') + 1] = `env >> '${seen('build')}'; echo img`;
  flags[flags.indexOf('--agent-command') + 1] = agent;
  // The job writes outside of its tree, for the test to read.
  const more = ['--no-shelter', '--secret-env', 'MY_STORE_PASSWORD', '--max-iterations', '1', '--notes', MARKER];
  const { code, output } = await exitOf(run.start(...flags, ...more));
  expect(code, output).toBe(0);

  for (const name of ['job', 'build']) {
    const text = await readFile(seen(name), 'utf8');
    expect(text).toContain('NODE_ID');
    expect(text).not.toContain(CANARY);
  }
  expect(await readFile(seen('agent'), 'utf8')).toContain(`ANTHROPIC_API_KEY=${SECRETS.ANTHROPIC_API_KEY}`);
  expect(output).not.toContain(CANARY);

  const files = await filesBelow(run.workdir);
  expect((await holding(files, MARKER)).length).toBeGreaterThan(0);
  expect(files.some((path) => path.includes('temporal') && path.endsWith('.db'))).toBe(true);
  expect(await holding(files, CANARY)).toEqual([]);

  const histories = await historyTexts(new Workdir(run.workdir));
  expect(histories.length).toBeGreaterThan(4);
  expect(histories.join('\n')).toContain('000_baseline');
  expect(histories.join('\n')).not.toContain(CANARY);
}, 400_000);

async function filesBelow(folder: string): Promise<string[]> {
  const paths = (await readdir(folder, { recursive: true })).map((path) => join(folder, path));
  const isFile = await Promise.all(paths.map(async (path) => (await stat(path).catch(() => null))?.isFile() ?? false));
  return paths.filter((_, index) => isFile[index]);
}

async function holding(paths: readonly string[], text: string): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => (await readFile(path)).includes(text)));
  return paths.filter((_, index) => found[index]);
}

/** Every payload of every workflow of the run, as text. */
async function historyTexts(workdir: Workdir): Promise<string[]> {
  const client = await openClient(await resolveConnection(workdir));
  try {
    const texts: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      texts.push([...textsIn(history)].join('\n'));
    }
    return texts;
  } finally {
    await client.connection.close();
    await stopServer(workdir);
  }
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield textOf(Buffer.from(value));
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) yield* textsIn(each);
}

function textOf(bytes: Buffer): string {
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1');
}
