/** Where numbers stand in JSON, YAML and TOML files, and what is refused there rather than guessed. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder } from '../support/remove-folder.js';
import { rewriteOf, surveyOf } from './pipeline-fixtures.js';

const readers: Record<string, string> = { json: 'json.load', yaml: 'yaml.safe_load', toml: 'tomllib.load' };

/** A script that reads the file and takes its stage's concurrency from it; it is never run. */
function script(file: string, key: string): string {
  const reader = readers[file.split('.')[1]!]!;
  return [
    `import ${reader.split('.')[0]}`,
    'from spdl.pipeline import PipelineBuilder',
    `with open("${file}", "rb") as f:`,
    `    cfg = ${reader}(f)`,
    `pipeline = (PipelineBuilder().add_source(range(8)).pipe(str, concurrency=cfg${key})`,
    '            .add_sink(2).build(num_threads=2))',
    'for item in pipeline:',
    '    print(item)',
    '',
  ].join('\n');
}

interface Leaf {
  name: string;
  file: string;
  text: string;
  key: string;
  pointer: string;
  value: number;
  /** The text after the number has become 9. */
  changed: string;
}

const leaves: Leaf[] = [
  {
    name: 'a YAML mapping nested by indentation, with a comment',
    file: 'c.yaml',
    text: 'a: 1\nloader:\n  # many\n  workers: 4   # threads\n  b: 2\n',
    key: '["loader"]["workers"]',
    pointer: '/loader/workers',
    value: 4,
    changed: 'a: 1\nloader:\n  # many\n  workers: 9   # threads\n  b: 2\n',
  },
  {
    name: 'a YAML flow mapping',
    file: 'c.yaml',
    text: 'loader: {path: "a: b, {c}", workers: 4, on: true}\n',
    key: '["loader"]["workers"]',
    pointer: '/loader/workers',
    value: 4,
    changed: 'loader: {path: "a: b, {c}", workers: 9, on: true}\n',
  },
  {
    name: 'a YAML list of mappings',
    file: 'c.yaml',
    text: 'stages:\n- name: read\n  workers: 1\n- name: decode\n  workers: 4\n',
    key: '["stages"][1]["workers"]',
    pointer: '/stages/1/workers',
    value: 4,
    changed: 'stages:\n- name: read\n  workers: 1\n- name: decode\n  workers: 9\n',
  },
  {
    name: 'a YAML file with Windows line ends, quotes and a block scalar',
    file: 'c.yaml',
    text: '"the text": |\r\n  workers: 7\r\n  # not a comment\r\nworkers: 4\r\n',
    key: '["workers"]',
    pointer: '/workers',
    value: 4,
    changed: '"the text": |\r\n  workers: 7\r\n  # not a comment\r\nworkers: 9\r\n',
  },
  {
    name: 'a YAML merge key, through the anchor where the number stands',
    file: 'c.yaml',
    text: 'base: &b # shared\n  workers: 4 # threads\nval:\n  <<: *b\nloader:\n  <<: [*b]\n  n: 1\n',
    key: '["loader"]["workers"]',
    pointer: '/base/workers',
    value: 4,
    changed: 'base: &b # shared\n  workers: 9 # threads\nval:\n  <<: *b\nloader:\n  <<: [*b]\n  n: 1\n',
  },
  {
    name: 'a YAML alias of a number inside an aliased mapping',
    file: 'c.yaml',
    text: 'n: &n 4\nbase: &b\n  deep: {workers: *n}\nloader: *b\n',
    key: '["loader"]["deep"]["workers"]',
    pointer: '/n',
    value: 4,
    changed: 'n: &n 9\nbase: &b\n  deep: {workers: *n}\nloader: *b\n',
  },
  {
    name: 'a YAML number with a tag, and tags that only a program knows',
    file: 'c.yaml',
    text: 'a: !ENV X\nloader: !Loader\n  workers: !!int "4"\n  path: !join [a, b]\n',
    key: '["loader"]["workers"]',
    pointer: '/loader/workers',
    value: 4,
    changed: 'a: !ENV X\nloader: !Loader\n  workers: !!int 9\n  path: !join [a, b]\n',
  },
  {
    name: 'a JSON file, compact and with escapes',
    file: 'c.json',
    text: '{"a\\"b":[1,{"workers":4}],"workers":2e0}',
    key: '["a\\"b"][1]["workers"]',
    pointer: '/a"b/1/workers',
    value: 4,
    changed: '{"a\\"b":[1,{"workers":9}],"workers":2e0}',
  },
  {
    name: 'a JSON key with a slash',
    file: 'c.json',
    text: '{\n  "a/b": {"workers": 4}\n}\n',
    key: '["a/b"]["workers"]',
    pointer: '/a~1b/workers',
    value: 4,
    changed: '{\n  "a/b": {"workers": 9}\n}\n',
  },
  {
    name: 'a TOML table with a dotted key and an inline table',
    file: 'c.toml',
    text: 'n = """\nworkers = 1\n"""\n[loader] # data\ndecode.workers = 4 # threads\nx = { workers = 1 }\n',
    key: '["loader"]["decode"]["workers"]',
    pointer: '/loader/decode/workers',
    value: 4,
    changed: 'n = """\nworkers = 1\n"""\n[loader] # data\ndecode.workers = 9 # threads\nx = { workers = 1 }\n',
  },
  {
    name: 'a TOML array of tables',
    file: 'c.toml',
    text: '[[stage]]\nworkers = 1\nlist = [\n  1, 2,\n]\n[[stage]]\nworkers = 4\n',
    key: '["stage"][1]["workers"]',
    pointer: '/stage/1/workers',
    value: 4,
    changed: '[[stage]]\nworkers = 1\nlist = [\n  1, 2,\n]\n[[stage]]\nworkers = 9\n',
  },
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => removeFolder(dir));

async function jobWith(file: string, text: string, key: string) {
  await writeFile(join(dir, file), text);
  await writeFile(join(dir, 'train.py'), script(file, key));
  return { dir, script: 'train.py', args: [] };
}

describe('numbers in configuration files', () => {
  it.each(leaves)('finds and sets $name', async ({ file, text, key, pointer, value, changed }) => {
    const job = await jobWith(file, text, key);
    const knob = (await surveyOf(job)).knobs.find((k) => k.role === 'stage_concurrency');
    expect(knob).toMatchObject({ id: `config:${file}:${pointer}`, where: { type: 'config', file, pointer }, value });
    const result = await rewriteOf(job, [{ type: 'set', knob: `config:${file}:${pointer}`, value: 9 }]);
    expect(result).toMatchObject({ files: { [file]: changed }, refused: [] });
  });

  it.each([
    ['an alias without an anchor', 'loader: *b\n', /alias \*b stands before its anchor/],
    ['a merge key of a text', 'loader:\n  <<: x\n  workers: 4\n', /merge key \(<<\) takes a mapping/],
    ['several documents', 'loader:\n  workers: 4\n---\na: 1\n', /several documents/],
    ['a tab', 'loader:\n\tworkers: 4\n', /indented by a tab/],
    ['a key given twice', 'loader:\n  workers: 4\n  workers: 5\n', /given twice/],
  ])('says that it does not understand %s in YAML, and touches nothing', async (_name, text, reason) => {
    const job = await jobWith('c.yaml', text, '["loader"]["workers"]');
    const seen = await surveyOf(job);
    expect(seen.knobs.filter((k) => k.where.type === 'config')).toEqual([]);
    expect(seen.problems).toEqual([
      expect.stringMatching(/^stage str .*where its concurrency comes from could not be seen/),
      expect.stringMatching(reason),
    ]);
  });
});
