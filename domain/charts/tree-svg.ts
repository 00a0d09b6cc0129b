/** hypothesis_tree.png as SVG: every experiment under the one that it builds on, coloured by what became of it. */
import { linkHorizontal } from 'd3-shape';
import type { RunRecord } from '../reports/run-record.js';
import { cleanLabel, fittedLabel, fittedName, labelWidth } from './label-text.js';
import { chartSubtitle } from './outcome.js';
import {
  BEST,
  FAILURE_INK,
  FRAME,
  INK,
  LINK,
  label,
  MUTED,
  markOf,
  OUTCOMES,
  type Outcome,
  PAPER,
  px,
  svgDocument,
} from './svg.js';
import { BOX, layoutTree, type PlacedBlock, type PlacedBox } from './tree-layout.js';
import { treeModel } from './tree-model.js';

const MARGIN = 28;
const TOP = 112;
/** The frame of the best one must not be cut. */
const EDGE = 6;
/** Title and legend need this much even over a small tree. */
const MIN_WIDTH = 1272;
const GAIN = { size: 11, bold: true };

/** Without a heading, which the page has of its own, it begins at the top. */
export function treeSvg(record: RunRecord, { heading = true }: { heading?: boolean } = {}): string {
  const { boxes, blocks, width, height } = layoutTree(treeModel(record));
  const body = [
    ...blocks.map(blockElement),
    // Links to the best are drawn last, so that they lie on top.
    ...boxes.filter((placed) => !placed.box.leadsToBest).map(linkElement),
    ...boxes.filter((placed) => placed.box.leadsToBest).map(linkElement),
    ...boxes.map(boxElement),
  ];
  const empty = label({ x: 0, y: 20, text: 'No experiments yet.', size: 13, fill: MUTED });
  if (!heading) {
    const size = [Math.max(width, BOX.width) + 2 * EDGE, Math.max(height, BOX.height) + 2 * EDGE] as const;
    const inside = boxes.length === 0 ? [empty] : body;
    return svgDocument(...size, [`<g transform="translate(${EDGE} ${EDGE})">`, ...inside, '</g>']);
  }
  return svgDocument(Math.max(width + 2 * MARGIN, MIN_WIDTH), TOP + Math.max(height, BOX.height) + MARGIN, [
    label({ x: MARGIN, y: 40, text: `Hypothesis tree of run ${record.state.run}`, size: 20, bold: true }),
    label({ x: MARGIN, y: 64, text: chartSubtitle(record), size: 13, fill: MUTED }),
    ...legend(),
    `<g transform="translate(${MARGIN} ${TOP})">`,
    ...(boxes.length === 0 ? [empty] : body),
    '</g>',
  ]);
}

function legend(): string[] {
  let x = MARGIN;
  const entries = (Object.keys(OUTCOMES) as Outcome[]).map((outcome) => {
    const entry = `${frame(x, 78, 26, 15, outcome, 1.5)}${label({ x: x + 34, y: 90, text: OUTCOMES[outcome].label, size: 12, fill: MUTED })}`;
    x += 34 + labelWidth(OUTCOMES[outcome].label, { size: 12 }) + 20;
    return entry;
  });
  const best = `<rect x="${px(x)}" y="78" width="26" height="15" rx="4" fill="${PAPER}" stroke="${BEST}" stroke-width="3"/>`;
  return [...entries, best, label({ x: x + 34, y: 90, text: 'best', size: 12, fill: MUTED })];
}

function frame(x: number, y: number, width: number, height: number, outcome: Outcome, strokeWidth: number): string {
  const { strong, pale } = OUTCOMES[outcome];
  const dashes = outcome === 'queued' ? ' stroke-dasharray="4 3"' : '';
  const rx = Math.min(7, height / 4);
  return `<rect x="${px(x)}" y="${px(y)}" width="${width}" height="${height}" rx="${px(rx)}" fill="${pale}" stroke="${strong}" stroke-width="${strokeWidth}"${dashes}/>`;
}

function boxElement({ box, x, y }: PlacedBox): string {
  const room = BOX.width - 24;
  const parts = [frame(x, y, BOX.width, BOX.height, box.outcome, 1.4)];
  if (box.isBest) {
    parts.push(
      `<rect x="${px(x - 2)}" y="${px(y - 2)}" width="${BOX.width + 4}" height="${BOX.height + 4}" rx="9" fill="none" stroke="${BEST}" stroke-width="3"/>`,
    );
  }
  const isSolid = box.outcome !== 'queued' && box.outcome !== 'pruned' && box.outcome !== 'cancelled' && !box.isFolded;
  if (isSolid) {
    parts.push(
      `<rect x="${px(x + 5)}" y="${px(y + 6)}" width="4" height="${BOX.height - 12}" rx="2" fill="${OUTCOMES[box.outcome].strong}"/>`,
    );
  }
  const title = fittedName(box.title, room, { size: 12, bold: true });
  const gainRoom = box.gain === '' ? 0 : labelWidth(box.gain, GAIN) + 8;
  // A value says more without its unit than cut in the midst of it.
  const isWide = !box.isFolded && labelWidth(cleanLabel(box.detail), { size: 11 }) > room - gainRoom;
  const value = isWide ? /^[\d.,]+(?= \S)/.exec(box.detail)?.[0] : undefined;
  const detail = fittedLabel(value ?? box.detail, room - gainRoom, { size: 11 });
  parts.push(
    label({ x: x + 15, y: y + 17, text: title, size: 12, bold: true, fill: box.isFolded ? MUTED : INK }),
    label({ x: x + 15, y: y + 32, text: detail, size: 11, fill: box.outcome === 'failed' ? FAILURE_INK : MUTED }),
  );
  if (box.gain !== '') {
    const fill = box.isBetter ? BEST : MUTED;
    parts.push(label({ ...GAIN, x: x + BOX.width - 10, y: y + 32, text: box.gain, fill, anchor: 'end' }));
  }
  return box.isFolded ? parts.join('') : markOf(box.title, box.outcome, `<g>${parts.join('')}</g>`);
}

const curve = linkHorizontal<{ source: [number, number]; target: [number, number] }, [number, number]>();

function linkElement({ box, x, y, parent, isInBlock }: PlacedBox): string {
  if (!parent || isInBlock) return '';
  return link(parent, [x, y + BOX.height / 2], box.leadsToBest);
}

/** A pale frame around leaves, and one link to it. */
function blockElement({ x, y, width, height, parent }: PlacedBlock): string {
  const area = `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="9" fill="${OUTCOMES.pruned.pale}" stroke="${FRAME}"/>`;
  return link(parent, [x, y + Math.min(height / 2, 28)], false) + area;
}

function link(parent: PlacedBox, target: [number, number], leadsToBest: boolean): string {
  const source: [number, number] = [parent.x + BOX.width, parent.y + BOX.height / 2];
  const path = curve({ source, target });
  return `<path d="${path}" fill="none" stroke="${leadsToBest ? BEST : LINK}" stroke-width="${leadsToBest ? 2.5 : 1.3}"/>`;
}
