import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { packageFile } from '../../host/package-files.js';
import type { Workdir } from '../../workdir/paths.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';
import { syntheticConfig, syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';
import { autoresearch, fingerprint, type Project, project } from './command-line.js';

/** The page stands where the program is installed. */
const REFUSALS = packageFile('docs', 'refusals.md');

/** Flags by name; undefined leaves one out. */
type Flags = Record<string, string | undefined>;

const FIRST_RUN: { name: string; flags: (at: Project) => Flags; says: (at: Project) => string | RegExp }[] = [
  {
    name: 'no script',
    flags: () => ({ '--pipeline-script': undefined }),
    says: () => 'error: --pipeline-script: missing: ',
  },
  { name: 'no source', flags: () => ({ '--source-dir': undefined }), says: () => 'error: --source-dir: missing: ' },
  {
    name: 'no launch command',
    flags: () => ({ '--base-launch-command': undefined }),
    says: () => 'error: --base-launch-command: missing: ',
  },
  {
    name: 'an empty launch command',
    flags: () => ({ '--base-launch-command': '  ' }),
    says: () => 'error: --base-launch-command: "  ": ',
  },
  {
    name: 'a script that does not exist',
    flags: ({ source }) => ({ '--pipeline-script': join(source, 'none.py') }),
    says: ({ source }) =>
      `error: --pipeline-script: "${join(source, 'none.py')}": an existing Python script (there is no ${join(source, 'none.py')}; ${REFUSALS})`,
  },
  {
    name: 'a directory as script',
    flags: ({ source }) => ({ '--pipeline-script': source }),
    says: () => /error: --pipeline-script: ".*": a Python script, not a directory \(.*\/docs\/refusals\.md\)/,
  },
  {
    name: 'a script outside the source directory',
    flags: ({ folder }) => ({ '--pipeline-script': join(folder, 'elsewhere.py') }),
    says: ({ source }) => `a script inside --source-dir (${source}): only code in there is changed (${REFUSALS})`,
  },
  {
    name: 'a script in one of the repositories of a workspace',
    flags: ({ source }) => ({ '--pipeline-script': join(source, 'clones/app/tools/train.py') }),
    says: ({ source }) =>
      `a repository of its own: give --source-dir ${join(source, 'clones/app')}, and a launch command`,
  },
  {
    name: 'a script that a link leads out of the source directory',
    flags: ({ source }) => ({ '--pipeline-script': join(source, 'link.py') }),
    says: ({ source }) => `a script inside --source-dir (${source}): only code in there is changed (${REFUSALS})`,
  },
  {
    name: 'a source directory that does not exist',
    flags: ({ folder }) => ({ '--source-dir': join(folder, 'none') }),
    says: () => /error: --source-dir: ".*none": an existing directory .*docs\/refusals\.md/,
  },
  {
    name: 'a metric whose pattern does not compile',
    flags: () => ({ '--metric': 'speed=at ([0-9.]+' }),
    says: () => 'error: --metric: "speed=at ([0-9.]+": a JavaScript regular expression (',
  },
  {
    name: 'a metric whose pattern has no group',
    flags: () => ({ '--metric': 'speed=at [0-9.]+' }),
    says: () => 'error: --metric: "speed=at [0-9.]+": a regular expression with a group around the number',
  },
  {
    name: 'a metric with the name of another number',
    flags: () => ({ '--metric': 'throughput_samples_per_s=at ([0-9.]+)' }),
    says: () => 'another name than throughput_samples_per_s',
  },
  {
    name: 'a file as source directory',
    flags: ({ script }) => ({ '--source-dir': script }),
    says: () => /error: --source-dir: ".*": a directory, not a file \(.*\/docs\/refusals\.md\)/,
  },
  {
    name: 'an agent module that is not there',
    flags: () => ({ '--agent': './no-such-agent.mjs' }),
    says: () => /error: --agent: ".*no-such-agent\.mjs": .* cannot be loaded/,
  },
  {
    name: 'an unknown effort',
    flags: () => ({ '--effort': 'much' }),
    says: () => /error: --effort: "much": one of low, /,
  },
  {
    name: 'an unknown agent',
    flags: () => ({ '--agent': 'gpt' }),
    says: () => /error: --agent: "gpt": one of .*playbook/,
  },
  {
    name: 'an array of jobs',
    flags: () => ({ '--base-launch-command': 'sbatch --array=1-3 --wrap "python train.py"' }),
    says: () =>
      /error: --base-launch-command: "sbatch --array=1-3 .*": --array is not possible here: an experiment is one/,
  },
  {
    name: 'an unknown platform',
    flags: () => ({ '--platform': 'mainframe' }),
    says: () => /error: --platform: "mainframe": one of .*local/,
  },
  ...['--max-iterations', '--patience', '--max-concurrency', '--job-timeout'].flatMap((flag) =>
    ['-1', '0', '1.5', 'many', '', '1e3', '99999999999999999999'].map((value) => ({
      name: `${flag} ${JSON.stringify(value)}`,
      flags: () => ({ [flag]: value }),
      says: () => `error: ${flag}: ${JSON.stringify(value)}: a whole number of at least 1\n`,
    })),
  ),
  ...[
    ['0', /a number of slots, as in 2, or what each slot owns, as in "gpu:0;gpu:1"/],
    ['', /a number of slots/],
    ['gpu:x', /a number of slots/],
    ['cpu:0-1;cpu:1', /slots that share nothing \(CPU 1 is named twice\)/],
    ['cpu:65000', /CPUs that a job may use here \(.*\), not CPU 65000/],
    ['gpu:65000', /GPU/],
  ].map(([value, says]) => ({
    name: `--slots ${JSON.stringify(value)}`,
    flags: () => ({ '--slots': String(value) }),
    says: () => new RegExp(`^error: --slots: ${JSON.stringify(value)}: .*${(says as RegExp).source}`),
  })),
  ...['-1', '0', 'soon', ''].map((value) => ({
    name: `--poll-interval ${JSON.stringify(value)}`,
    flags: () => ({ '--poll-interval': value }),
    says: () => `error: --poll-interval: ${JSON.stringify(value)}: a number of seconds above 0\n`,
  })),
  ...['--budget-usd', '--budget-tokens', '--budget-job-hours', '--max-hours'].flatMap((flag) =>
    ['-1', '0', 'much', '', 'Infinity', 'NONE'].map((value) => ({
      name: `${flag} ${JSON.stringify(value)}`,
      flags: () => ({ '--agent': 'playbook', [flag]: value }),
      says: () => `error: ${flag}: ${JSON.stringify(value)}: a number above 0, or none\n`,
    })),
  ),
  ...['-1', '0', '1.5', 'many', '', '1e3', '99999999999999999999'].map((value) => ({
    name: `--max-experiments ${JSON.stringify(value)}`,
    flags: () => ({ '--max-experiments': value }),
    says: () => `error: --max-experiments: ${JSON.stringify(value)}: a whole number of at least 1, or none\n`,
  })),
  ...['', '/etc/*', '../**', 'a/../../b'].map((value) => ({
    name: `--protect ${JSON.stringify(value)}`,
    flags: () => ({ '--protect': value }),
    says: () => `error: --protect: ${JSON.stringify(value)}: a glob of paths relative to --source-dir`,
  })),
  ...['--link', '--copy', '--leave-out'].flatMap((flag) =>
    ['', '/etc/*', '../**', 'a/../../b'].map((value) => ({
      name: `${flag} ${JSON.stringify(value)}`,
      flags: () => ({ [flag]: value }),
      says: () => `error: ${flag}: ${JSON.stringify(value)}: a glob of paths relative to the repository`,
    })),
  ),
  ...['', 'A-B', '1X', 'A=b'].map((value) => ({
    name: `--secret-env ${JSON.stringify(value)}`,
    flags: () => ({ '--secret-env': value }),
    says: () => `error: --secret-env: ${JSON.stringify(value)}: the name of an environment variable\n`,
  })),
  {
    name: 'a knowledge folder that is not there',
    flags: ({ folder }) => ({ '--knowledge': join(folder, 'none') }),
    says: ({ folder }) => `error: --knowledge: ${JSON.stringify(join(folder, 'none'))}: a directory with text files`,
  },
  {
    name: 'a file as knowledge folder',
    flags: ({ script }) => ({ '--knowledge': script }),
    says: () => /error: --knowledge: ".*train\.py": a directory with text files/,
  },
  {
    name: 'a module that is no agent',
    flags: ({ folder }) => ({ '--agent': join(folder, 'no-agent.mjs') }),
    says: () => /error: --agent: ".*no-agent\.mjs": .*no default export/,
  },
  {
    name: 'a dollar budget for a command that names no cost',
    flags: () => ({ '--agent': 'codex', '--budget-usd': '5' }),
    says: () => 'error: --budget-usd: 5: an agent and model whose calls have a known price (codex says no cost',
  },
  {
    name: 'flags of the command of another agent',
    flags: () => ({ '--agent': 'codex', '--claude-flags': '--search' }),
    says: () => 'error: --claude-flags: "--search": give --codex-flags (codex_flags in config.json): the agent of this',
  },
  {
    name: 'flags of a command for an agent that has none',
    flags: () => ({ '--agent': 'playbook', '--codex-flags': '--search' }),
    says: () => 'error: --codex-flags: "--search": leave it out: the agent of this run is playbook',
  },
  {
    name: 'a dollar budget for a model without a price',
    flags: () => ({ '--agent': 'anthropic', '--model': 'claude-next', '--budget-usd': '5' }),
    says: () =>
      'error: --budget-usd: 5: an agent and model whose calls have a known price (the price of claude-next is',
  },
  {
    name: 'the model’s side without leave for other work',
    flags: () => ({ '--agent': 'playbook', '--scope': 'training' }),
    says: () => 'error: --scope: "training": training together with --allow other-work, as changes of the model’s side',
  },
  {
    name: '--stall-timeout -1',
    flags: () => ({ '--stall-timeout': '-1' }),
    says: () => 'error: --stall-timeout: "-1": a whole number of at least 0\n',
  },
];

describe('a first run with bad input', () => {
  it.each(FIRST_RUN)('$name: refused, and nothing is made', async ({ flags, says }) => {
    const at = await project();
    await symlink(join(at.folder, 'elsewhere.py'), join(at.source, 'link.py'));
    await mkdir(join(at.source, 'clones/app/.git'), { recursive: true });
    await mkdir(join(at.source, 'clones/app/tools'));
    await writeFile(join(at.source, 'clones/app/tools/train.py'), '');
    await writeFile(join(at.folder, 'no-agent.mjs'), 'export const name = "no agent";\n');
    vi.stubEnv('ANTHROPIC_API_KEY', 'key');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const given: Flags = {
      '--source-dir': at.source,
      '--pipeline-script': at.script,
      '--base-launch-command': 'python train.py',
      ...flags(at),
    };
    const words = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    const before = await fingerprint(at.folder);
    const said = await autoresearch('run', at.workdir, ...words);
    expect(said).toMatchObject({ code: 2, out: '' });
    const expected = says(at);
    if (typeof expected === 'string') expect(said.err).toContain(expected);
    else expect(said.err).toMatch(expected);
    expect(said.err.trimEnd().split('\n')).toHaveLength(1);
    expect(await fingerprint(at.folder)).toEqual(before);
  });

  it('refuses the source directory as workdir, and a file', async () => {
    const { source, script, flags } = await project();
    const same = await autoresearch('run', source, ...flags);
    expect(same).toMatchObject({ code: 2, err: expect.stringContaining('a directory of its own') });
    const file = await autoresearch('run', script, ...flags);
    expect(file).toMatchObject({
      code: 2,
      err: `error: workdir: ${JSON.stringify(script)}: a directory, not a file\n`,
    });
  });

  it('tells the same as JSON, when asked for it', async () => {
    const { workdir, flags } = await project();
    const said = await autoresearch('run', workdir, ...flags, '--patience', '0', '--json');
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(JSON.parse(said.err)).toEqual({
      error: {
        message: '--patience: "0": a whole number of at least 1',
        field: '--patience',
        value: '0',
        advice: 'a whole number of at least 1',
        exit_code: 2,
      },
    });
  });
});

const BROKEN_CONFIGS = [
  { name: 'no JSON', text: '{"agent": ', says: /config\.json: .*must be JSON/ },
  { name: 'an array', text: '[]', says: /config\.json: \[\]: / },
  {
    name: 'a missing key',
    text: '{"source_dir": "/s", "base_launch_command": "x"}',
    says: /config\.json: pipeline_script: missing: /,
  },
  {
    name: 'a negative limit',
    text: JSON.stringify({
      pipeline_script: '/s/t.py',
      source_dir: '/s',
      base_launch_command: 'x',
      max_concurrency: -2,
    }),
    says: /config\.json: max_concurrency: -2: /,
  },
  {
    name: 'a limit of the wrong type',
    text: JSON.stringify({
      pipeline_script: '/s/t.py',
      source_dir: '/s',
      base_launch_command: 'x',
      stopping_criteria: { patience: 'three' },
    }),
    says: /config\.json: stopping_criteria\.patience: "three": /,
  },
  ...(
    [
      ['budget_usd', 0],
      ['budget_tokens', 'many'],
      ['budget_job_hours', -1],
      ['max_hours', '3'],
      ['max_experiments', 1.5],
      ['protect', '*.py'],
      ['allow_agent_commands', 'yes'],
    ] as const
  ).map(([key, value]) => ({
    name: `${key} ${JSON.stringify(value)}`,
    text: JSON.stringify({ pipeline_script: '/s/t.py', source_dir: '/s', base_launch_command: 'x', [key]: value }),
    says: new RegExp(`config\\.json: ${key}: ${JSON.stringify(value).replaceAll('*', '\\*')}: `),
  })),
  {
    name: 'an unknown agent',
    text: JSON.stringify({ pipeline_script: '/s/t.py', source_dir: '/s', base_launch_command: 'x', agent: 'gpt' }),
    says: /config\.json: agent: "gpt": one of /,
  },
];

describe('a workdir whose config.json does not fit', () => {
  it.each(BROKEN_CONFIGS)('$name: refused with file and field, and left as it was', async ({ text, says }) => {
    const { folder, workdir, flags } = await project();
    await mkdir(workdir);
    await writeFile(join(workdir, 'config.json'), text);
    const before = await fingerprint(folder);
    for (const words of [[workdir], [workdir, ...flags]]) {
      const said = await autoresearch('run', ...words);
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toMatch(says);
    }
    expect(await fingerprint(folder)).toEqual(before);
  });
});

describe('a run that exists', () => {
  it.each([
    ['--agent', 'playbook', '"claude"'],
    ['--base-launch-command', 'python other.py', '"python3 src/pipeline.py'],
    ['--source-dir', '/elsewhere', '"/home/you/project/src"'],
    ['--python', '/opt/python', '""'],
    ['--protect', '*.yaml', '[]'],
    ['--secret-env', 'TOKEN', '[]'],
  ])('%s cannot change any more', async (flag, value, before) => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    const files = await fingerprint(workdir.root);
    const said = await autoresearch('run', workdir.root, flag, value);
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toContain(`error: ${flag}: `);
    expect(said.err).toContain(JSON.stringify(value));
    expect(said.err).toContain(`: this run was started with ${before}`);
    expect(await fingerprint(workdir.root)).toEqual(files);
  });

  it.each([['--budget-usd', '3', 'codex says no cost, and which model it asks is not known; name it by --model']])(
    '%s is refused where the agent tells no cost, at its start and while it runs',
    async (flag, value, says) => {
      const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
      await writeJsonAtomic(workdir.config, { ...syntheticConfig(), agent: 'codex' });
      const files = await fingerprint(workdir.root);
      for (const command of ['run', 'start', 'set']) {
        const said = await autoresearch(command, workdir.root, flag, value);
        expect(said).toMatchObject({ code: 2, out: '' });
        expect(said.err).toContain(`error: ${flag}: ${value}: `);
        expect(said.err).toContain(says);
      }
      expect(await fingerprint(workdir.root)).toEqual(files);
    },
  );

  it('goes on with the workdir alone, and what was not said is not changed', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    await writeJsonAtomic(workdir.config, { ...syntheticConfig(), agent: 'codex', link_ignored: true });
    const said = await autoresearch('run', workdir.root, '--no-link');
    expect(said).toMatchObject({
      code: 2,
      err: expect.stringContaining('error: --no-link: false: this run was started'),
    });
    const alone = await autoresearch('run', workdir.root, '--budget-usd', '3');
    expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('error: --budget-usd: ') });
  });

  it('cannot change to a model without a price under a dollar budget', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    vi.stubEnv('ANTHROPIC_API_KEY', 'key');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await writeJsonAtomic(workdir.config, { ...syntheticConfig(), agent: 'anthropic', budget_usd: 2 });
    const files = await fingerprint(workdir.root);
    const said = await autoresearch('run', workdir.root, '--model', 'claude-next');
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toContain('config.json: budget_usd: 2: ');
    expect(said.err).toContain('the price of claude-next is not known');
    expect(await fingerprint(workdir.root)).toEqual(files);
  });

  it('refuses a second engine and names the process of the first', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    await using _ = await engineLock(workdir);
    for (const command of ['run', 'start']) {
      const said = await autoresearch(command, workdir.root, '--max-iterations', '50');
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toContain(`process ${process.pid}`);
    }
    expect(JSON.parse((await autoresearch('status', workdir.root, '--json')).out)).toMatchObject({
      engine: { pid: process.pid },
    });
    const exported = await autoresearch('export', workdir.root);
    expect(exported).toMatchObject({ code: 2, err: expect.stringContaining(`process ${process.pid}`) });
  });
});

const NOT_RUNNING = [
  ['pause'],
  ['resume'],
  ['stop'],
  ['prioritize', '002_x', '-5'],
  ['remove', '002_x'],
  ['cancel', '002_x'],
];

describe('steering without an engine', () => {
  it.each(NOT_RUNNING)('%s: says so with exit code 3 and how to start one', async (command, ...rest) => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    const files = await fingerprint(workdir.root);
    const said = await autoresearch(command!, workdir.root, ...rest);
    expect(said).toMatchObject({ code: 3, out: '' });
    expect(said.err).toContain('no engine works on it');
    expect(said.err).toContain(`autoresearch run ${workdir.root}`);
    expect(await fingerprint(workdir.root)).toEqual(files);
  });

  it.each([
    ['priority', ['prioritize', 'WORKDIR', '002_x', 'high'], '"high": a number'],
    ['limits', ['set', 'WORKDIR'], 'missing: at least one of --max-iterations'],
    ['--patience', ['set', 'WORKDIR', '--patience', '-1'], '"-1": a whole number of at least 1'],
    ['--patience', ['set', 'WORKDIR', '--patience', 'none'], '"none": a whole number of at least 1'],
    ['--budget-usd', ['set', 'WORKDIR', '--budget-usd', 'free'], '"free": a number above 0, or none'],
    ['--max-hours', ['set', 'WORKDIR', '--max-hours', '-2'], '"-2": a number above 0, or none'],
    ['--name', ['add', 'WORKDIR'], 'missing: at most 64 letters'],
    ['--name', ['add', 'WORKDIR', '--name', 'bad name'], '"bad name": at most 64 letters, digits, - and _, of which'],
    ['--name', ['add', 'WORKDIR', '--name', '../x'], '"../x": at most 64 letters'],
    ['--name', ['add', 'WORKDIR', '--name', '!!!'], '"!!!": at most 64 letters'],
    ['--file', ['add', 'WORKDIR', '--file', '/none.json'], '"/none.json": a readable file'],
    ['--request', ['pause', 'WORKDIR', '--request', 'a b'], '"a b": 1 to 64 letters'],
    ['--drain', ['stop', 'WORKDIR', '--drain', '--cancel-jobs'], 'one of --drain and --cancel-jobs'],
  ])('bad %s is refused before an engine is asked for', async (field, words, says) => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 3 }));
    const said = await autoresearch(...words.map((word) => (word === 'WORKDIR' ? workdir.root : word)));
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toContain(`error: ${field}: `);
    expect(said.err).toContain(says);
  });
});

describe('a folder that holds no run', () => {
  it.each([
    ['summary.md', 'summary.md'],
    ['pipeline.py', 'pipeline.py'],
    ['progress.png', 'progress.png'],
    ['trees/mine.txt', 'trees'],
    ['runs/mine.txt', 'runs'],
  ])('is not taken for a workdir while it holds %s', async (file, named) => {
    const { workdir, flags } = await project();
    await mkdir(dirname(join(workdir, file)), { recursive: true });
    await writeFile(join(workdir, file), 'mine');
    const before = await fingerprint(workdir);
    const said = await autoresearch('run', workdir, ...flags);
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toContain(`a directory without ${named}, which a run would write over`);
    expect(await fingerprint(workdir)).toEqual(before);
  });

  it.each([['status'], ['queue'], ['summary'], ['diff'], ['export'], ['pause'], ['stop'], ['doctor'], ['worker']])(
    '%s: refused',
    async (command) => {
      const { folder } = await project();
      const said = await autoresearch(command, folder);
      expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is no run here') });
    },
  );
});

async function engineLock(workdir: Workdir): Promise<AsyncDisposable> {
  const lock = await acquireEngineLock(workdir);
  return { [Symbol.asyncDispose]: () => lock.release() };
}

describe('a setting of the environment that cannot be meant', () => {
  it.each([
    [
      'AUTORESEARCH_CODEC_KEY',
      'c2hvcnQ=',
      ['codec-server', '--port', '0'],
      'AUTORESEARCH_CODEC_KEY decodes to 5 bytes',
    ],
    ['TEMPORAL_PROFILE', 'no-such', ['stop', '.'], 'the Temporal settings'],
  ])('%s is bad input', async (name, value, words, says) => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
    vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const said = await autoresearch(...words.map((word) => (word === '.' ? workdir.root : word)));
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });
});
