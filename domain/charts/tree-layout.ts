/**
 * Where the boxes of the hypothesis tree stand. It grows to the right, a column for each generation. In a large tree
 * the children that led to nothing further stand in a block of several columns, or the picture would be a ribbon.
 */
import type { HierarchyNode } from 'd3-hierarchy';
import type { TreeBox } from './tree-model.js';

export const BOX = { width: 208, height: 40 };
const ROW = BOX.height + 10;
const GENERATION = BOX.width + 46;
const BLOCK_COLUMN = BOX.width + 12;
const BLOCK_PADDING = 8;
const BETWEEN_BRANCHES = 6;

export interface PlacedBox {
  box: TreeBox;
  x: number;
  y: number;
  /** Left middle and right middle are where links end and begin. */
  parent: PlacedBox | null;
  isInBlock: boolean;
}

/** A block of leaves: one link leads to its frame, none to its boxes. */
export interface PlacedBlock {
  x: number;
  y: number;
  width: number;
  height: number;
  parent: PlacedBox;
}

export interface TreeLayout {
  width: number;
  height: number;
  boxes: PlacedBox[];
  blocks: PlacedBlock[];
}

/** Width over height that reads well on a screen. */
const ASPECT = 1.4;
const ROWS_WITHOUT_BLOCKS = 22;
const SMALLEST_BLOCK = 4;

export function layoutTree(root: HierarchyNode<TreeBox>): TreeLayout {
  const plain = place(root, 1);
  if (plain.height <= ROWS_WITHOUT_BLOCKS * ROW) return plain;
  const others = [2, 3, 4, 5, 6, 7, 8].map((columns) => place(root, columns));
  return others.reduce((best, layout) => (cost(layout) < cost(best) ? layout : best), plain);
}

/** Small pictures of a pleasant shape are good. */
function cost({ width, height }: TreeLayout): number {
  return Math.sqrt(width * height) * (1 + Math.abs(Math.log(width / height / ASPECT)));
}

function place(root: HierarchyNode<TreeBox>, columns: number): TreeLayout {
  const layout: TreeLayout = { width: 0, height: 0, boxes: [], blocks: [] };
  let y = 0;
  for (const child of root.children ?? []) y = placeBranch(layout, child, null, 0, y, columns) + BETWEEN_BRANCHES;
  layout.height = Math.max(0, y - BETWEEN_BRANCHES);
  return layout;
}

/** Places a node and everything under it from `top` on; returns where the next branch may begin. */
function placeBranch(
  layout: TreeLayout,
  node: HierarchyNode<TreeBox>,
  parent: PlacedBox | null,
  x: number,
  top: number,
  columns: number,
): number {
  const placed: PlacedBox = { box: node.data, x, y: top, parent, isInBlock: false };
  layout.boxes.push(placed);
  layout.width = Math.max(layout.width, x + BOX.width);
  const children = node.children ?? [];
  const isBlock = columns > 1 && children.filter((child) => !child.children).length >= SMALLEST_BLOCK;
  const branches = isBlock ? children.filter((child) => child.children) : children;
  let y = top;
  for (const child of branches) {
    y = placeBranch(layout, child, placed, x + GENERATION, y, columns);
    if (child.children) y += BETWEEN_BRANCHES;
  }
  if (isBlock) {
    const leaves = children.filter((child) => !child.children);
    y = placeBlock(layout, leaves, placed, x + GENERATION, y, columns);
  }
  return Math.max(y, top + ROW);
}

function placeBlock(
  layout: TreeLayout,
  leaves: readonly HierarchyNode<TreeBox>[],
  parent: PlacedBox,
  x: number,
  top: number,
  atMost: number,
): number {
  // As wide as high in boxes, so that a small block does not become a long line.
  const columns = Math.min(atMost, Math.max(2, Math.round(Math.sqrt(leaves.length))));
  const rows = Math.ceil(leaves.length / columns);
  const height = rows * ROW - (ROW - BOX.height) + 2 * BLOCK_PADDING;
  const width = Math.min(columns, leaves.length) * BLOCK_COLUMN - (BLOCK_COLUMN - BOX.width) + 2 * BLOCK_PADDING;
  layout.blocks.push({ x: x - BLOCK_PADDING, y: top, width, height, parent });
  leaves.forEach((leaf, index) => {
    const place = {
      x: x + (index % columns) * BLOCK_COLUMN,
      y: top + BLOCK_PADDING + Math.floor(index / columns) * ROW,
    };
    layout.boxes.push({ box: leaf.data, ...place, parent, isInBlock: true });
  });
  layout.width = Math.max(layout.width, x - BLOCK_PADDING + width);
  return top + height + (ROW - BOX.height);
}
