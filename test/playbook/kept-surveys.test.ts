/**
 * What the analyser says of every script among the fixtures, the examples, the benches and the cases, held against what
 * it said before (`test/fixtures/surveys`): a rewrite of it changes nothing by accident. `-u` keeps what it says now.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { python } from './pipeline-fixtures.js';

const ROOT = realpathSync(packageFile('.'));
const PARENTS = ['test/fixtures/pipelines', 'test/fixtures/projects', 'examples', 'bench', 'test/cases'];
/** Each file there is a script of its own. */
const SINGLE = 'test/fixtures/loops';

const PROGRAM = `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
sys.setrecursionlimit(20_000)
from pipeline_source.analysis import Analysis
answers = []
for source_dir, script in json.load(sys.stdin):
    try:
        answers.append(Analysis(source_dir, script, "python " + script).survey())
    except Exception as error:
        answers.append({"refused": type(error).__name__ + ": " + str(error)})
json.dump(answers, sys.stdout)
`;

interface Script {
  /** Of the kept file. */
  name: string;
  sourceDir: string;
  script: string;
}

function scripts(): Script[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...PARENTS, SINGLE], { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((path) => path.endsWith('.py'))
    .map((path) => {
      const parent = [...PARENTS, SINGLE].find((each) => path.startsWith(`${each}/`))!;
      const [project, ...rest] = path.slice(parent.length + 1).split('/');
      const isSingle = parent === SINGLE || rest.length === 0;
      // A case keeps its project in a folder of its own.
      const inner = parent === 'test/cases' && rest.length > 1 ? rest.shift()! : '';
      return {
        name: path.replaceAll('/', '.').replace(/^test\.(fixtures\.)?/, ''),
        sourceDir: join(ROOT, parent, ...(isSingle ? [] : [project!, inner])),
        script: isSingle ? basename(path) : rest.join('/'),
      };
    });
}

const ALL = scripts();
let answers: unknown[];

beforeAll(() => {
  const requests = JSON.stringify(ALL.map(({ sourceDir, script }) => [sourceDir, script]));
  const folder = packageFile('playbook', 'python');
  const printed = execFileSync(python, ['-I', '-c', PROGRAM, folder], {
    input: requests,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  answers = JSON.parse(printed.replaceAll(ROOT, '<root>')) as unknown[];
});

it.each(ALL.map(({ name }, index) => [name, index] as const))('%s', async (name, index) => {
  const kept = join(ROOT, 'test', 'fixtures', 'surveys', `${name}.json`);
  await expect(`${JSON.stringify(answers[index], null, 1)}\n`).toMatchFileSnapshot(kept);
});
