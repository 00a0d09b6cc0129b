import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDrawCharts } from '../../activities/draw-charts.js';
import { svgToPng } from '../../host/svg-to-png.js';
import { openRunLog } from '../../workdir/event-log.js';
import { removeFolder } from '../support/remove-folder.js';
import { syntheticRun } from '../support/run-events.js';
import { filesOf, syntheticWorkdir } from '../support/synthetic-workdir.js';

/** Stands for a machine without fonts: nothing but ours can be found from here on. */
let noFonts: string;
beforeAll(async () => {
  noFonts = await mkdtemp(join(tmpdir(), 'autoresearch-no-fonts-'));
  process.env.FONTCONFIG_PATH = noFonts;
  process.env.XDG_CACHE_HOME = noFonts;
  process.env.XDG_DATA_HOME = noFonts;
});
afterAll(() => removeFolder(noFonts));

async function glyph(text: string, weight = 'normal'): Promise<Buffer> {
  const png = await svgToPng(
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="white"/><text x="5" y="30" font-size="28" font-family="DejaVu Sans" font-weight="${weight}">${text}</text></svg>`,
  );
  return sharp(png).greyscale().raw().toBuffer();
}

describe('text in pictures', () => {
  test('has real letters, not the boxes of a missing font', async () => {
    // A private-use character that no font has: what a missing glyph looks like.
    const shapes = await Promise.all(['A', 'B', 'g', '+', '↑', '…', '&#xE123;', ''].map((text) => glyph(text)));
    const seen = new Set(shapes.map((shape) => shape.toString('base64')));
    expect(seen.size).toBe(shapes.length);
  });

  test('has a bold face of its own', async () => {
    expect(await glyph('B', 'bold')).not.toEqual(await glyph('B'));
  });

  test('leaves the font configuration of other processes alone', async () => {
    await glyph('A');
    const env = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ['-p', 'process.env.FONTCONFIG_FILE'], (error, out) =>
        error ? reject(error) : resolve(out),
      );
    });
    expect(env.trim()).toBe('undefined');
  });
});

describe('drawCharts', () => {
  test('draws all pictures; drawn again they are the same', async () => {
    const run = syntheticRun({ followUps: 6, open: 2 });
    const { workdir, context } = await syntheticWorkdir(run);
    const runLog = openRunLog(workdir);
    await runLog.append(run.events);
    const drawCharts = makeDrawCharts({ context, runLog });
    await drawCharts({ run: 'r1' });
    const first = await filesOf(workdir);
    await drawCharts({ run: 'r1' });
    expect(await filesOf(workdir)).toEqual(first);
    for (const path of [workdir.progressChart, workdir.dimensionsChart, workdir.treeChart]) {
      const { format, width } = await sharp(await readFile(path)).metadata();
      expect({ format, isWide: width > 1000 }).toEqual({ format: 'png', isWide: true });
    }
  });

  test('reads the log for a drawing only when the one before has written its pictures', async () => {
    const run = syntheticRun({ followUps: 2, open: 0 });
    const { workdir, context } = await syntheticWorkdir(run);
    const log = openRunLog(workdir);
    await log.append(run.events);
    const picturesAtRead: boolean[] = [];
    const record = () => {
      picturesAtRead.push(existsSync(workdir.treeChart));
      return log.record();
    };
    const drawCharts = makeDrawCharts({ context, runLog: { record } });
    await Promise.all([drawCharts({ run: 'r1' }), drawCharts({ run: 'r1' })]);
    expect(picturesAtRead).toEqual([false, true]);
  });
});
