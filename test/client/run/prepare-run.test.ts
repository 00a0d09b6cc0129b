import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { set } from '../../../client/commands/set.js';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { ConfigSchema } from '../../../domain/formats/config.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { targetPython } from '../../../source/target-python.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { agentCommandsOnPath } from '../../support/agents/agent-commands.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { fingerprint, project } from '../command-line.js';

const needed = ({ source, script }: { source: string; script: string }) => ({
  sourceDir: source,
  pipelineScript: script,
  baseLaunchCommand: 'python train.py',
});

/** Where no API answers. */
const NOBODY = 'http://127.0.0.1:9';

const readConfigFile = async (workdir: string) => JSON.parse(await readFile(join(workdir, 'config.json'), 'utf8'));

beforeEach(agentCommandsOnPath);

/** One that runs. */
const PYTHON = execFileSync('python3', ['-I', '-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

const OWNS_NOTHING = { gpus: null, cpus: null };

describe('a first run', () => {
  it('writes config.json with defaults, a run id and the time, in a folder for its owner alone', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', '');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const at = await project();
    const { config, isNew } = await prepareRun(at.workdir, needed(at));
    expect(isNew).toBe(true);
    expect((await stat(at.workdir)).mode & 0o777).toBe(0o700);
    const written = await readConfigFile(at.workdir);
    expect(written).toEqual(config);
    expect(written).toMatchObject({
      schema_version: 2,
      pipeline_script: at.script,
      source_dir: at.source,
      scm: '',
      stopping_criteria: { max_iterations: 10, patience: 3 },
      max_concurrency: 1,
      job_timeout_s: 1800,
      poll_interval: 120,
      platform: 'auto',
      agent: 'claude',
    });
    expect(written.run_id).toMatch(/^workdir-[0-9a-f]{8}$/);
    expect(Math.abs(Date.parse(written.created_at) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['no Temporal command', { TEMPORAL_CLI: '/nowhere/temporal' }, 'python train.py', /TEMPORAL_CLI/],
    ['no program of the launch command', {}, 'no-such-python train.py', /no no-such-python is on PATH/],
  ])('is refused before anything is written where there is %s', async (_, env, baseLaunchCommand, says) => {
    for (const [name, value] of Object.entries({ TEMPORAL_ADDRESS: '', ...env })) vi.stubEnv(name, value);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const at = await project();
    await expect(prepareRun(at.workdir, { ...needed(at), agent: 'playbook', baseLaunchCommand })).rejects.toThrow(says);
    await expect(stat(at.workdir)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['no such file', './no-such/python', /^--python: ".*\/no-such\/python": .* newer that runs \(not found\)/],
    ['no such name', 'no-such-python', /^--python: "no-such-python": .*\(not found\)/],
    ['a program that is no Python', '/bin/echo', /^--python: "\/bin\/echo": /],
    ['an empty variable of the shell', ' ', /^--python: " ": a path of a Python, or its name on PATH$/],
  ])('is refused before anything is written where --python is %s', async (_, python, says) => {
    const at = await project();
    await expect(prepareRun(at.workdir, { ...needed(at), agent: 'playbook', python })).rejects.toThrow(says);
    await expect(stat(at.workdir)).rejects.toThrow('ENOENT');
  });

  it('is refused before anything is written where no Python is found', async () => {
    const at = await project();
    const bare = join(at.folder, 'bare');
    await mkdir(bare);
    await symlink('/bin/bash', join(bare, 'bash'));
    vi.stubEnv('PATH', bare);
    onTestFinished(() => void vi.unstubAllEnvs());
    const given = { ...needed(at), agent: 'playbook', baseLaunchCommand: 'bash train.sh' };
    await expect(prepareRun(at.workdir, given)).rejects.toThrow(/^--python: missing: .*base_launch_command or on PATH/);
    await expect(stat(at.workdir)).rejects.toThrow('ENOENT');
  });

  it('keeps a Python with which it cannot begin out of a run that has not begun', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, needed(at));
    const before = await fingerprint(at.workdir);
    await expect(prepareRun(at.workdir, { python: '/nowhere/python' })).rejects.toThrow(
      /^--python: "\/nowhere\/python": /,
    );
    expect(await fingerprint(at.workdir)).toEqual(before);
    await writeJsonAtomic(join(at.workdir, 'config.json'), { ...first.config, python: '/nowhere/python' });
    await expect(prepareRun(at.workdir, {})).rejects.toThrow(/config\.json: python: "\/nowhere\/python": /);
  });

  it('takes the API where it can be called, and a module by its absolute path', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'key');
    vi.stubEnv('ANTHROPIC_BASE_URL', NOBODY);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const at = await project();
    expect((await prepareRun(at.workdir, needed(at))).config.agent).toBe('anthropic');
    const module = join(at.folder, 'my-agent.mjs');
    await writeFile(module, 'export default { name: "mine", answer: () => "" };\n');
    const { config } = await prepareRun(join(at.folder, 'other'), {
      ...needed(at),
      agent: relative(process.cwd(), module),
    });
    expect(config.agent).toBe(module);
  });

  it.each([
    ['buildCommand', 'make image', { build_command: 'make image' }],
    ['maxIterations', '7', { stopping_criteria: { max_iterations: 7, patience: 3 } }],
    ['patience', '2', { stopping_criteria: { max_iterations: 10, patience: 2 } }],
    ['maxConcurrency', '4', { max_concurrency: 4, slots: [], exclusive_machine: false }],
    ['slots', '2', { max_concurrency: 2, slots: [OWNS_NOTHING, OWNS_NOTHING], exclusive_machine: false }],
    ['jobTimeout', '60', { job_timeout_s: 60 }],
    ['pollInterval', '0.5', { poll_interval: 0.5 }],
    ['stallTimeout', '0', { stall_timeout_s: 0 }],
    ['notes', 'mind the cache', { notes: 'mind the cache' }],
    ['platform', 'local', { platform: 'local' }],
    ['agent', 'playbook', { agent: 'playbook' }],
    ['agentCommand', '/bin/true', { agent_command: '/bin/true' }],
    ['agentTimeout', '30', { agent_timeout_s: 30 }],
    ['model', 'claude-sonnet-5-5', { model: 'claude-sonnet-5-5' }],
    ['effort', 'high', { effort: 'high' }],
    ['claudeFlags', ['--model "a b"', '--verbose'], { claude_flags: ['--model', 'a b', '--verbose'] }],
    ['python', PYTHON, { python: PYTHON }],
    ['skipInstrument', true, { skip_instrument: true }],
    ['link', false, { link_ignored: false, link_paths: [], shelter: true }],
    ['linkPaths', ['weights/**'], { link_paths: ['weights/**'], link_ignored: true }],
    ['copyPaths', ['data/cache/**', '*.pt'], { copy_paths: ['data/cache/**', '*.pt'] }],
    ['leftOutPaths', ['checkpoints'], { left_out_paths: ['checkpoints'] }],
    ['shelter', false, { shelter: false }],
    ['treePaths', ['lib', 'src'], { tree_paths: ['lib', 'src'] }],
    ['keepTrees', true, { keep_trees: true }],
    ['secretEnv', ['TOKEN'], { secret_env: ['TOKEN'] }],
    ['protect', ['conf/**', '*.yaml'], { protect: ['conf/**', '*.yaml'] }],
    ['allowAgentCommands', true, { allow_agent_commands: true }],
    ['maxExperiments', '12', { max_experiments: 12 }],
    ['maxHours', '1.5', { max_hours: 1.5 }],
    ['budgetUsd', '2.50', { budget_usd: 2.5 }],
    ['budgetTokens', '1e6', { budget_tokens: 1_000_000 }],
    ['budgetJobHours', '0.25', { budget_job_hours: 0.25 }],
    ['budgetUsd', 'none', { budget_usd: null }],
  ])('%s %j stands in config.json', async (option, value, expected) => {
    const at = await project();
    await prepareRun(at.workdir, { ...needed(at), [option]: value });
    expect(await readConfigFile(at.workdir)).toMatchObject(expected);
  });

  it('takes a dollar budget where the cost is known: the command tells it, the table has it, or there is none', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'key');
    vi.stubEnv('ANTHROPIC_BASE_URL', NOBODY);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const at = await project();
    const flags = { ...needed(at), budgetUsd: '1' };
    for (const [index, choice] of [
      { agent: 'claude', model: 'whatever' },
      { agent: 'anthropic' },
      { agent: 'anthropic', model: 'claude-haiku-5-5-20261001' },
      { agent: 'playbook' },
    ].entries()) {
      const { config } = await prepareRun(join(at.folder, `w${index}`), { ...flags, ...choice });
      expect(config).toMatchObject({ ...choice, budget_usd: 1 });
    }
  });

  it('makes relative paths absolute', async () => {
    const at = await project();
    const fromHere = (path: string) => relative(process.cwd(), path);
    const given = {
      ...needed(at),
      sourceDir: fromHere(at.source),
      pipelineScript: fromHere(at.script),
      knowledge: fromHere(at.folder),
    };
    const { config, workdir } = await prepareRun(fromHere(at.workdir), given);
    expect(config).toMatchObject({ source_dir: at.source, pipeline_script: at.script, knowledge_dir: at.folder });
    expect(workdir.root).toBe(at.workdir);
  });

  it("takes the target's Python from where the person stands, and a bare name from PATH", async () => {
    const at = await project();
    const python = join(at.folder, 'venv', 'bin', 'python');
    await mkdir(dirname(python), { recursive: true });
    await writeFile(python, '#!/bin/sh\nexec python3 "$@"\n', { mode: 0o755 });
    const given = { ...needed(at), python: relative(process.cwd(), python) };
    const { config } = await prepareRun(at.workdir, given);
    expect(config.python).toBe(python);
    expect(await targetPython({ ...config, launch_environment: null })).toMatch(/^\/.*python/);
    // The same words from the same place mean the same.
    expect((await prepareRun(at.workdir, given)).config).toEqual(config);
    const named = await prepareRun(join(at.folder, 'named'), { ...needed(at), python: 'python3' });
    expect(named.config.python).toBe('python3');
    vi.stubEnv('HOME', at.folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const home = await prepareRun(join(at.folder, 'home'), { ...needed(at), python: '~/venv/bin/python' });
    expect(home.config.python).toBe(python);
  });

  it('takes a script by another name of its directory, and keeps the name that the user gave the directory', async () => {
    const at = await project();
    const link = join(at.folder, 'link');
    await symlink(at.source, link);
    const { config } = await prepareRun(at.workdir, { ...needed(at), sourceDir: link });
    expect(config).toMatchObject({ source_dir: link, pipeline_script: join(link, 'train.py') });
  });

  it.each([
    ['.git', 'git'],
    ['.sl', 'sl'],
  ])('finds %s around the sources', async (marker, scm) => {
    const at = await project();
    await mkdir(join(at.folder, marker));
    expect((await prepareRun(at.workdir, needed(at))).config.scm).toBe(scm);
  });

  it('closes an existing folder that others could write', async () => {
    const at = await project();
    await mkdir(at.workdir);
    await chmod(at.workdir, 0o777);
    await prepareRun(at.workdir, needed(at));
    expect((await stat(at.workdir)).mode & 0o777).toBe(0o700);
  });
});

describe('jobs that share a machine', () => {
  it('run one at a time where nothing was said, which is told once', async () => {
    const at = await project();
    const { config, notices } = await prepareRun(at.workdir, needed(at));
    expect(config).toMatchObject({ max_concurrency: 1, slots: [], exclusive_machine: true });
    expect(notices).toEqual([
      'one measured job at a time: jobs that share a machine disturb each other; --max-concurrency or --slots changes that',
    ]);
    expect((await prepareRun(at.workdir, {})).notices).toEqual([]);
  });

  it('run as many at a time as was said, without a word', async () => {
    const at = await project();
    expect((await prepareRun(at.workdir, { ...needed(at), maxConcurrency: '1' })).notices).toEqual([]);
    const fewer = await prepareRun(join(at.folder, 'fewer'), { ...needed(at), slots: '3', maxConcurrency: '2' });
    expect(fewer.config).toMatchObject({ max_concurrency: 2, slots: [OWNS_NOTHING, OWNS_NOTHING, OWNS_NOTHING] });
    expect(fewer.notices).toEqual([]);
  });

  it('cannot be more than the slots, at the start or later', async () => {
    const at = await project();
    const says = /--max-concurrency: 3: at most 2: this run has as many slots, and each job holds one/;
    const both = { ...needed(at), slots: '2', maxConcurrency: '3' };
    await expect(prepareRun(at.workdir, both)).rejects.toThrow(says);
    await prepareRun(at.workdir, { ...needed(at), slots: '2' });
    const before = await fingerprint(at.workdir);
    await expect(prepareRun(at.workdir, { maxConcurrency: '3' })).rejects.toThrow(says);
    await expect(set(at.workdir, { maxConcurrency: '3' }, {})).rejects.toThrow(says);
    expect(await fingerprint(at.workdir)).toEqual(before);
  });
});

describe('repeats', () => {
  it('are as many as a person says, and as many as are needed where nothing is said', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, { ...needed(at), calibrationRuns: '2' });
    expect(first.config).toMatchObject({ calibration_runs: 2, exact_runs: ['calibration_runs'] });
    expect((await readConfigFile(at.workdir)).exact_runs).toEqual(['calibration_runs']);
    // It goes on with the workdir alone.
    expect((await prepareRun(at.workdir, {})).config.exact_runs).toEqual(['calibration_runs']);
    const plain = await prepareRun(join(at.folder, 'plain'), needed(at));
    expect(plain.config).toMatchObject({ calibration_runs: 2, verify_runs: 2, exact_runs: [] });
    // Nothing was set up yet.
    const later = await prepareRun(join(at.folder, 'plain'), { verifyRuns: '2', calibrationRuns: '3' });
    expect(later.config).toMatchObject({ calibration_runs: 3, exact_runs: ['calibration_runs', 'verify_runs'] });
    expect(later.notices).toEqual([]);
  });

  it('stay what they were once a run is set up, and a person who gives their number then is told', async () => {
    const at = await project();
    const { workdir, config } = await prepareRun(at.workdir, { ...needed(at), confirmRuns: '1' });
    const { events } = syntheticRun({ followUps: 1, run: config.run_id });
    const setUp = events.find((event) => event.type === 'setup_completed')!;
    const confirmation = { ...DEFAULT_CONFIRMATION, calibratesAsNeeded: true as const };
    await openRunLog(workdir).append([...events.slice(0, events.indexOf(setUp)), { ...setUp, confirmation }]);
    const again = await prepareRun(at.workdir, { calibrationRuns: '2', confirmRuns: '1' });
    expect(again.config).toEqual(config);
    expect(again.notices).toEqual([
      '--calibration-runs 2 changes nothing: this run was set up to make as many as it needs; give the number when a run begins',
    ]);
    await expect(prepareRun(at.workdir, { calibrationRuns: '3' })).rejects.toThrow(
      /^--calibration-runs: 3: this run was started with 2; /,
    );
  });
});

describe('a run that exists', () => {
  it('goes on as it is with the workdir alone, and with flags that say the same', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, { ...needed(at), patience: '4' });
    const before = await fingerprint(at.workdir);
    const again = await prepareRun(at.workdir, {});
    expect(again).toMatchObject({ isNew: false, config: first.config, limits: {} });
    const same = await prepareRun(at.workdir, { ...needed(at), patience: '4' });
    expect(same).toMatchObject({ isNew: false, config: first.config, limits: { patience: 4 } });
    expect(await fingerprint(at.workdir)).toEqual(before);
  });

  it('means the commands of the shell that begins it, not of one in which it could not begin', async () => {
    const at = await project();
    await prepareRun(at.workdir, needed(at));
    const put = `${at.source}:${process.env.PATH}`;
    vi.stubEnv('PATH', put);
    const { config } = await prepareRun(at.workdir, needed(at));
    expect(config.launch_environment?.variables.PATH).toBe(put);
    expect((await readConfigFile(at.workdir)).launch_environment).toEqual(config.launch_environment);
  });

  it('takes other limits over into config.json and for the engine', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, needed(at));
    const { limits } = await prepareRun(at.workdir, { maxIterations: '20', maxConcurrency: '5' });
    expect(limits).toEqual({ max_iterations: 20, max_concurrency: 5 });
    expect(await readConfigFile(at.workdir)).toEqual({
      ...first.config,
      stopping_criteria: { max_iterations: 20, patience: 3 },
      max_concurrency: 5,
      exclusive_machine: false,
    });
  });

  it('takes budgets over, and lifts them', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, { ...needed(at), agent: 'claude', budgetUsd: '1', maxExperiments: '5' });
    const given = { budgetUsd: '2', maxExperiments: 'none', maxHours: 'none' };
    const { limits, config } = await prepareRun(at.workdir, given);
    expect(limits).toEqual({ budget_usd: 2, max_experiments: null, max_hours: null });
    expect(config).toEqual({ ...first.config, budget_usd: 2, max_experiments: null });
    expect(await readConfigFile(at.workdir)).toEqual(config);
  });

  it('takes another model, effort, agent command, knowledge and notes', async () => {
    const at = await project();
    const first = await prepareRun(at.workdir, { ...needed(at), agent: 'claude', notes: 'first' });
    const given = { model: 'm', effort: 'low', agentCommand: '/bin/true', knowledge: at.source, notes: 'second' };
    const { config, limits } = await prepareRun(at.workdir, given);
    const { agentCommand, knowledge, ...same } = given;
    expect(config).toEqual({ ...first.config, ...same, agent_command: agentCommand, knowledge_dir: knowledge });
    expect(limits).toEqual({});
    expect(await readConfigFile(at.workdir)).toEqual(config);
  });

  it('gives a config.json without run id one, once, and keeps keys that it does not know', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    const { run_id: _, ...old } = ConfigSchema.parse(await readConfigFile(workdir.root));
    await writeJsonAtomic(workdir.config, { ...old, from_elsewhere: [1] });
    const { config } = await prepareRun(workdir.root, {});
    expect(config.run_id).toMatch(/-[0-9a-f]{8}$/);
    expect(await readConfigFile(workdir.root)).toMatchObject({ run_id: config.run_id, from_elsewhere: [1] });
    expect((await prepareRun(workdir.root, {})).config.run_id).toBe(config.run_id);
  });
});
