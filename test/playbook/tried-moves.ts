/** What the moves come to in the scripts of test/fixtures/moves, each of which is built differently. */
import { execa } from 'execa';
import type { MoveName } from '../../domain/proposals/moves.js';
import { packageFile } from '../../host/package-files.js';
import { python } from './pipeline-fixtures.js';

export interface TriedMove {
  move: string;
  stage?: string;
  possible: boolean;
  reason: string;
  /** What the job said at its end; absent where it was not run. */
  ran?: string;
}

export interface TriedScript {
  /** What the script says as it is. */
  base: string | null;
  moves: TriedMove[];
}

/** `all`: each move by itself, and a pile of them; `pile`: that alone; a move: that one alone; `none`: no run. */
export async function triedMoves(how: 'all' | 'pile' | 'none' | MoveName, scripts: readonly string[] = []) {
  const { stdout } = await execa(python, [
    ...['-I', packageFile('test', 'playbook', 'python', 'try_moves.py'), packageFile('playbook', 'python')],
    ...[packageFile('test', 'fixtures', 'moves'), how, ...scripts],
  ]);
  return JSON.parse(stdout) as Record<string, TriedScript>;
}

/** Jobs that trained on something else than the script itself, or not at all. */
export function wrong(tried: Readonly<Record<string, TriedScript>>): string[] {
  return Object.entries(tried).flatMap(([script, { base, moves }]) =>
    moves
      .filter(({ ran }) => ran !== undefined && ran !== base)
      .map(({ move, stage = '', ran }) => `${script}: ${move} ${stage}: ${base} became ${ran}`),
  );
}
