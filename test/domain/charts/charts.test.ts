import { describe, expect, test } from 'vitest';
import { dimensionsSvg } from '../../../domain/charts/dimensions-svg.js';
import { cleanLabel, fittedLabel, fittedName, labelWidth } from '../../../domain/charts/label-text.js';
import { chartSubtitle } from '../../../domain/charts/outcome.js';
import { progressData } from '../../../domain/charts/progress-points.js';
import { progressSvg } from '../../../domain/charts/progress-svg.js';
import { OUTCOMES } from '../../../domain/charts/svg.js';
import { BOX, layoutTree } from '../../../domain/charts/tree-layout.js';
import { treeModel } from '../../../domain/charts/tree-model.js';
import { treeSvg } from '../../../domain/charts/tree-svg.js';
import { memoryOf } from '../../../domain/proposals/tried-experiments.js';
import { experimentTable, statusCell } from '../../../domain/reports/experiment-table.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { newRunRecord, type RunRecord } from '../../../domain/reports/run-record.js';
import { refusalText } from '../../../domain/run/approval-rules.js';
import { failure } from '../../../domain/run/failure.js';
import { syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { ConfirmedStory } from '../confirmed-story.js';
import { Story } from '../run-story.js';

const SIZES = [
  { followUps: 0 },
  { followUps: 5, open: 3, gpu: true },
  { followUps: 17, open: 5, failuresOfTen: 3 },
  { followUps: 40, seed: 11, failuresOfTen: 0 },
  { followUps: 115, open: 4, failuresOfTen: 2 },
  { followUps: 600, open: 6, failuresOfTen: 2, seed: 3 },
];

describe('the hypothesis tree', () => {
  test.each(SIZES)('of %o has no two boxes that touch, and all inside the picture', (options) => {
    const { boxes, width, height } = layoutTree(treeModel(recordOf(syntheticRun(options).events)));
    const outside = boxes.filter(({ x, y }) => x < 0 || y < 0 || x + BOX.width > width || y + BOX.height > height);
    const touching = boxes.flatMap((a, index) =>
      boxes
        .slice(index + 1)
        .filter((b) => Math.abs(a.x - b.x) <= BOX.width && Math.abs(a.y - b.y) <= BOX.height)
        .map((b) => `${a.box.title} and ${b.box.title}`),
    );
    expect({ outside, touching }).toEqual({ outside: [], touching: [] });
  });

  test.each(SIZES.slice(0, 5))('of %o shows every experiment once', (options) => {
    const record = recordOf(syntheticRun(options).events);
    const { boxes } = layoutTree(treeModel(record));
    expect(boxes.map(({ box }) => box.title).sort()).toEqual(Object.keys(record.state.experiments).sort());
  });

  test('folds branches that led nowhere above 400 experiments, and counts what it folds', () => {
    const record = recordOf(syntheticRun(SIZES[5]!).events);
    const boxes = layoutTree(treeModel(record)).boxes.map(({ box }) => box);
    const folded = boxes.filter((box) => box.isFolded).reduce((sum, box) => sum + Number.parseInt(box.title, 10), 0);
    expect(boxes.length).toBeLessThan(400);
    expect(folded + boxes.filter((box) => !box.isFolded).length).toBe(609);
    const path = boxes.filter(({ leadsToBest }) => leadsToBest);
    expect(path.at(-1)).toMatchObject({ title: record.state.best, isBest: true });
    expect(path.every(({ outcome, isFolded }) => !isFolded && outcome !== 'failed')).toBe(true);
  });

  test('folds former gains as well where very many are left, and the pictures of 1,000 take a moment', () => {
    const record = recordOf(syntheticRun({ followUps: 1000, open: 6, failuresOfTen: 2, seed: 3, gpu: true }).events);
    const svg = treeSvg(record) + progressSvg(record);
    // Of three the shortest: others may be at work on this machine.
    const times = [1, 2, 3].map(() => {
      const begin = performance.now();
      treeSvg(record);
      progressSvg(record);
      return performance.now() - begin;
    });
    expect(Math.min(...times)).toBeLessThan(1_500);
    expect(svg).toMatch(/\d+ former gains, \d+ not be/);
    expect(layoutTree(treeModel(record)).boxes.length).toBeLessThan(160);
  });

  test('has its whole legend in the picture, even over a small tree', () => {
    const svg = treeSvg(recordOf(syntheticRun({ followUps: 1 }).events));
    const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
    const boxes = textBoxes(svg.slice(0, svg.indexOf('<g ')));
    expect(boxes.map(({ text }) => text)).toEqual(expect.arrayContaining(['improved on the best', 'queued', 'best']));
    expect(boxes.filter(({ right }) => right > width)).toEqual([]);
    expect(boxes.filter((a, index) => boxes.slice(index + 1).some((b) => overlap(a, b)))).toEqual([]);
  });

  test('colours say what became of each experiment', () => {
    const record = recordOf(syntheticRun({ followUps: 8, open: 3, failuresOfTen: 4 }).events);
    const boxes = layoutTree(treeModel(record)).boxes.map(({ box }) => box);
    const outcomes = Object.fromEntries(boxes.map((box) => [box.title, box.outcome]));
    for (const row of Object.values(record.state.experiments)) {
      const isGain = record.bests.includes(row.nodeId) && row.kind !== 'baseline';
      const completed = isGain ? 'improved' : 'no_gain';
      const expected = { completed, failed: 'failed', queued: 'queued' }[row.state.status as string] ?? 'running';
      expect(outcomes[row.nodeId], row.nodeId).toBe(expected);
    }
    // This run confirms nothing, ends nothing early, and nobody refuses anything of it.
    const looks = Object.keys(OUTCOMES).filter((outcome) => !['cancelled', 'unconfirmed', 'pruned'].includes(outcome));
    expect(new Set(Object.values(outcomes))).toEqual(new Set(looks));
    expect(boxes.filter((box) => box.isBest).map((box) => box.title)).toEqual([record.state.best]);
    expect(treeSvg(record).match(/stroke-dasharray/g)).toHaveLength(
      1 + boxes.filter((box) => box.outcome === 'queued').length,
    );
  });
});

const curvesSvg = ({ state }: RunRecord) => dimensionsSvg(state.run, memoryOf(state, 'python train.py'));

describe('all charts', () => {
  test.each(SIZES)('of %o are the same for the same events, and well-formed', (options) => {
    for (const draw of [progressSvg, treeSvg, curvesSvg]) {
      const svg = draw(recordOf(syntheticRun(options).events));
      expect(svg).toBe(draw(recordOf(syntheticRun(options).events)));
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      const opened = svg.match(/<(svg|g|text|tspan)\b/g)?.length;
      expect(svg.match(/<\/(svg|g|text|tspan)>/g)?.length).toBe(opened);
    }
  });

  test('are drawn before anything happened', () => {
    expect(progressSvg(newRunRecord())).not.toMatch(/NaN|Infinity/);
    expect(curvesSvg(newRunRecord())).not.toMatch(/NaN|Infinity/);
    expect(treeSvg(newRunRecord())).toContain('No experiments yet.');
  });
});

describe('the progress chart', () => {
  const points = (svg: string, fill: string) => svg.match(new RegExp(`<circle [^>]*fill="${fill}"`, 'g'))?.length ?? 0;

  test('has a green dot for each improvement in each panel', () => {
    const record = recordOf(syntheticRun({ followUps: 20, seed: 11, gpu: true }).events);
    const improvements = record.bests.length - 1;
    expect(improvements).toBeGreaterThan(2);
    // Five panels and the legend.
    expect(points(progressSvg(record), OUTCOMES.improved.strong)).toBe(5 * improvements + 1);
  });

  test('has a line that ends at the best, also where its later runs are slower than those of one before', () => {
    const story = ConfirmedStory.seeded({ verifyRuns: 2 }, { maxIterations: 2 }).proposes('002_a').ends('002_a', 150);
    story.settles({ '002_a': 150 }).proposes('003_b').ends('003_b', 180);
    for (const id of story.open('confirmation')) story.ends(id, id.startsWith('003') ? 180 : 150);
    expect(story.state.best).toBe('003_b');
    story.settles({ '003_b': 120 });
    const { best, points } = progressData(recordOf(story.events));
    expect(best?.nodeId).toBe('003_b');
    expect(points.at(-1)!.bestSoFar).toBe(best!.value);
  });

  test('shows SM utilisation only where it was measured', () => {
    const [withGpu, without] = [true, false].map((gpu) =>
      progressSvg(recordOf(syntheticRun({ followUps: 4, gpu }).events)),
    );
    for (const title of ['Steady SM (%)', 'Raw SM (%)']) {
      expect(withGpu).toContain(title);
      expect(without).not.toContain(title);
    }
    expect(without).toContain('no GPU measured');
  });

  test.each([300, 340, 700, 1080])('has no text that touches another or leaves the picture at %i pixels', (width) => {
    for (const run of [{ followUps: 30, seed: 11 }, { followUps: 115, open: 4, gpu: true }, { followUps: 900 }]) {
      const svg = progressSvg(recordOf(syntheticRun(run).events), { width, heading: false });
      const boxes = textBoxes(svg);
      expect(boxes.filter(({ left, right }) => left < 0 || right > width)).toEqual([]);
      const touching = boxes.flatMap((a, index) =>
        boxes
          .slice(index + 1)
          .filter((b) => overlap(a, b))
          .map((b) => [a.text, b.text]),
      );
      expect(touching).toEqual([]);
      expect(boxes.filter(({ text }) => /^[+]\d+%$/.test(text)).length, JSON.stringify(run)).toBeGreaterThan(
        width > 500 ? 1 : 0,
      );
    }
  });

  test('names a ceiling that is far above everything, instead of shrinking the rest', () => {
    expect(progressSvg(recordOf(syntheticRun({ followUps: 4, ceiling: 9 }).events))).toContain('↑ headspace 3,010');
    expect(progressSvg(recordOf(syntheticRun({ followUps: 4, ceiling: 1.2 }).events))).toContain('>headspace 401.4<');
  });
});

/** Of every label that is not turned. */
function textBoxes(svg: string) {
  const plain = svg.replace(/<g transform="translate\(([\d.]+) ([\d.]+)\)">(.*?)<\/g>/g, (_, dx, dy, inside: string) =>
    inside.replace(/<text x="([\d.]+)" y="([\d.]+)"/g, (_t, x, y) => `<text x="${+x + +dx}" y="${+y + +dy}"`),
  );
  const texts = plain.matchAll(
    /<text x="([\d.]+)" y="([\d.]+)" font-size="(\d+)" fill="[^"]*" text-anchor="(\w+)"( font-weight="bold")?>([^<]*)</g,
  );
  return [...texts].map(([, x, y, size, anchor, bold, text]) => {
    const width = labelWidth(text!, { size: Number(size), bold: bold !== undefined });
    const left = Number(x) - { start: 0, middle: width / 2, end: width }[anchor as 'start' | 'middle' | 'end'];
    return { text: text!, left, right: left + width, top: Number(y) - Number(size) * 0.75, bottom: Number(y) };
  });
}

type TextBox = ReturnType<typeof textBoxes>[number];

function overlap(a: TextBox, b: TextBox): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

describe('the curves', () => {
  test('have a panel for each dimension that was changed alone, and a mark for each value', () => {
    const { state } = recordOf(syntheticRun({ followUps: 30, seed: 3 }).events);
    const memory = memoryOf(state, 'python train.py');
    const shown = memory.dimensions.filter(({ series }) => series.length > 0);
    expect(shown.length).toBeGreaterThan(2);
    const svg = dimensionsSvg('r1', memory);
    for (const { name } of shown) expect(svg).toContain(`>${name}<`);
    const marks = shown.flatMap(({ series }) => series.flatMap(({ points }) => points)).length;
    // Two in the legend.
    expect(svg.match(/<circle /g)).toHaveLength(marks + 2);
  });
});

describe('labels', () => {
  test.each([
    ['faster 🚀🎉 decode', 'faster decode'],
    ['a\u0000b\u001b[31mc\n\td', 'ab[31mc d'],
    ['Größe ≤ 3 → ok', 'Größe ≤ 3 → ok'],
    ['日本', ''],
  ])('%j is shown as %j', (text, shown) => expect(cleanLabel(text)).toBe(shown));

  test('are escaped', () => {
    const run = syntheticRun({ followUps: 1, run: '<b>&"' });
    expect(treeSvg(recordOf(run.events))).toContain('run &lt;b&gt;&amp;&quot;');
  });

  test('are cut to their room, a name in its middle', () => {
    const style = { size: 12, bold: true };
    for (const fitted of [fittedLabel('w'.repeat(80), 150, style), fittedName('w'.repeat(80), 150, style)]) {
      expect(fitted).toContain('…');
      expect(labelWidth(fitted, style)).toBeLessThanOrEqual(150);
    }
    expect(fittedName('007_decode_concurrency_of_the_second_stage_16', 150, style)).toMatch(/^007_.*…\w*_16$/);
    expect(fittedLabel('short', 150, style)).toBe('short');
  });
});

test('a value in the tree goes without its unit before it is cut', () => {
  const rules = { weighsOdds: true, goesOnUndecided: true } as const;
  const story = ConfirmedStory.seeded(rules).proposes('002_a').ends('002_a', 140.6);
  const svg = treeSvg(recordOf(story.events));
  expect(svg).toMatch(/>140\.6</);
  expect(svg).toContain('provisional');
});

test('what a person refused looks like that in both pictures, table and counts, and not like a failure', () => {
  const story = new Story().setUp();
  story.completed('000_baseline', 100).completed('000_headspace', 900).completed('001_mtp', 90);
  story.tell({ type: 'approval_set', approval: { stage: 'plans', waitMinutes: null, silence: 'drop' } });
  story.add('002_no').add('003_gone');
  story.tell({ type: 'experiment_approved', nodeId: '003_gone', by: 'person' });
  for (const nodeId of ['002_no', '003_gone']) {
    const cancelled = failure('cancelled', nodeId === '002_no' ? refusalText('too risky') : 'cancelled', 0);
    story.tell({ type: 'experiment_cancelled', nodeId, failure: cancelled });
  }
  const record = recordOf(story.events);
  const boxes = layoutTree(treeModel(record)).boxes.map(({ box }) => box);
  const shown = boxes.flatMap(({ title, outcome, detail }) => (outcome === 'cancelled' ? [[title, detail]] : []));
  expect(shown).toEqual([
    ['002_no', 'refused'],
    ['003_gone', 'cancelled'],
  ]);
  expect(experimentTable(record.state).slice(-2).map(statusCell)).toEqual(['refused', 'cancelled']);
  expect(chartSubtitle(record)).toContain('3 completed, 1 refused, 1 cancelled');
  for (const svg of [treeSvg(record), progressSvg(record)]) expect(svg).toContain(OUTCOMES.cancelled.label);
  const report = runReport(record, new Map(), syntheticRun({ followUps: 1 }).config);
  expect(report).toMatch(/## What was refused or cancelled\n\n- 002_no .*: a person refused it: too risky\n/);
  expect(report).not.toContain('## What failed');
});
