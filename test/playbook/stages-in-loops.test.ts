/** Stages that a loop adds: each with a value of its own, and a knob that sets that one alone. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type ManySurveys, manySurveys } from './many-surveys.js';

const HEAD = `import json
import yaml
from functools import partial
from spdl.pipeline import PipelineBuilder
def a(x): return x
def b(x): return x
def c(x): return x
`;
const TAIL = `
for x in builder.add_sink(2).build(num_threads=8):
    print(x)
`;

interface Case {
  name: string;
  body: string;
  files: Record<string, string>;
  pipes: [stage: string, concurrency: number][];
}

const cases: Case[] = [
  {
    name: 'pairs',
    body: `builder = PipelineBuilder().add_source(range(9))
for fn, n in [(a, 2), (b, 3), (c, 4)]:
    builder.pipe(fn, concurrency=n)
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ],
  },
  {
    name: 'names',
    body: `STAGES = {"a": a, "b": b}
builder = PipelineBuilder().add_source(range(9))
for name in ("a", "b"):
    builder = builder.pipe(STAGES[name], concurrency={"a": 2, "b": 5}[name])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 5],
    ],
  },
  {
    name: 'dict items',
    body: `WORKERS = {"a": 2, "b": 3}
FUNCS = {"a": a, "b": b}
builder = PipelineBuilder().add_source(range(9))
for name, n in WORKERS.items():
    builder.pipe(FUNCS[name], concurrency=n)
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'config list',
    body: `FUNCS = {"a": a, "b": b}
cfg = yaml.safe_load(open("c.yaml"))
builder = PipelineBuilder().add_source(range(9))
for stage in cfg["stages"]:
    builder.pipe(FUNCS[stage["name"]], concurrency=stage["workers"])
`,
    files: {
      'c.yaml': `stages:
- name: a
  workers: 2
- name: b
  workers: 3
`,
    },
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'config dict',
    body: `FUNCS = {"a": a, "b": b}
cfg = json.load(open("c.json"))
builder = PipelineBuilder().add_source(range(9))
for name, n in cfg["workers"].items():
    builder.pipe(FUNCS[name], concurrency=n)
`,
    files: { 'c.json': `{"workers": {"a": 2, "b": 3}}` },
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'globals',
    body: `cfg = json.load(open("c.json"))
builder = PipelineBuilder().add_source(range(9))
for name, n in cfg["workers"].items():
    builder.pipe(globals()[name], concurrency=n)
`,
    files: { 'c.json': `{"workers": {"a": 2, "b": 3}}` },
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'zip',
    body: `builder = PipelineBuilder().add_source(range(9))
for fn, n in zip([a, b], [2, 3]):
    builder.pipe(fn, concurrency=n)
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'enumerate',
    body: `COUNTS = [2, 3]
builder = PipelineBuilder().add_source(range(9))
for i, fn in enumerate([a, b]):
    builder.pipe(fn, concurrency=COUNTS[i])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'range',
    body: `FUNCS = [a, b]
COUNTS = [2, 3]
builder = PipelineBuilder().add_source(range(9))
for i in range(len(FUNCS)):
    builder.pipe(FUNCS[i], concurrency=COUNTS[i])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'dict of dicts',
    body: `STAGES = [dict(op=a, concurrency=2), dict(op=b, concurrency=3)]
builder = PipelineBuilder().add_source(range(9))
for s in STAGES:
    builder.pipe(s["op"], concurrency=s["concurrency"])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'spread',
    body: `STAGES = [dict(op=a, concurrency=2), dict(op=b, concurrency=3)]
builder = PipelineBuilder().add_source(range(9))
for s in STAGES:
    builder.pipe(**s)
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'sorted',
    body: `W = {"b": 3, "a": 2}
F = {"a": a, "b": b}
builder = PipelineBuilder().add_source(range(9))
for name in sorted(W):
    builder.pipe(F[name], concurrency=W[name])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'func',
    body: `def build(stages):
    builder = PipelineBuilder().add_source(range(9))
    for fn, n in stages:
        builder = builder.pipe(fn, concurrency=n)
    return builder
builder = build([(a, 2), (b, 3)])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
  {
    name: 'keys',
    body: `W = {"a": 2, "b": 3}
F = {"a": a, "b": b}
builder = PipelineBuilder().add_source(range(9))
for name in W:
    builder.pipe(F[name], concurrency=W[name])
`,
    files: {},
    pipes: [
      ['a', 2],
      ['b', 3],
    ],
  },
];

const UNKNOWN = `import sys
builder = PipelineBuilder().add_source(range(9)).pipe(a, concurrency=len(sys.argv))
`;

let surveys: ManySurveys;
beforeAll(async () => {
  surveys = await manySurveys(
    [...cases, { name: 'unknown', body: UNKNOWN, files: {} }].map(({ name, body, files }) => ({
      name,
      files: { ...files, 'train.py': `${HEAD}${body}${TAIL}` },
      script: 'train.py',
      command: 'python train.py',
    })),
  );
});

describe('stages that are added in a loop', () => {
  it.each(cases)('over $name', ({ name, pipes }) => {
    const { pipelines, problems } = surveys.of(name);
    const stages = pipelines[0]!.stages.filter(({ kind }) => kind === 'pipe');
    expect(stages.map((stage) => [stage.function, stage.concurrency])).toEqual(pipes);
    expect(new Set(stages.map(({ knob }) => knob)).size).toBe(pipes.length);
    expect(problems).toEqual([]);
  });

  it('says of a concurrency that it could not see where it comes from', () => {
    expect(surveys.of('unknown').problems).toEqual([
      'stage a (train.py:9): where its concurrency comes from could not be seen',
    ]);
  });
});
