/**
 * Turns a person's unified diff (`git diff --relative`, `diff -u`) into edits of whole files, or says why it does not
 * fit.
 */
import { applyPatch, parsePatch, type StructuredPatch } from 'diff';
import type { FileEdit } from '../../domain/formats/agent-replies.js';
import { similarPaths } from '../../domain/proposals/edit-path.js';
import type { EditableSource } from './apply-edits.js';

export type DiffOutcome = { ok: true; edits: FileEdit[] } | { ok: false; reason: string };

const NO_FILE = '/dev/null';

/** Hunks may have moved, but each of their lines must be there: nothing is guessed. */
export async function editsOfDiff(text: string, source: EditableSource): Promise<DiffOutcome> {
  let files: StructuredPatch[];
  try {
    files = parsePatch(text).filter(({ oldFileName, newFileName }) => oldFileName || newFileName);
  } catch (error) {
    return { ok: false, reason: `the patch cannot be read: ${(error as Error).message.trim()}` };
  }
  if (files.length === 0) return { ok: false, reason: 'the patch names no file; a unified diff has --- and +++ lines' };
  const outcomes = await Promise.all(files.map((file) => editOf(file, source)));
  const reasons = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [outcome] : []));
  if (reasons.length > 0) return { ok: false, reason: reasons.join('\n') };
  return { ok: true, edits: outcomes.filter((outcome) => typeof outcome !== 'string') };
}

/** The edit, or what is wrong. */
async function editOf(file: StructuredPatch, source: EditableSource): Promise<FileEdit | string> {
  const { before, after } = namesOf(file);
  const refused = (reason: string) => `${after ?? before}: ${reason}`;
  if (after === null) return refused('a patch may not delete a file; take out what the code uses of it');
  if (file.isBinary) return refused('a patch of a binary file cannot be applied');
  if (before !== null && before !== after) return refused(`a patch may not rename a file (from ${before})`);
  if (file.hunks.length === 0) return refused('the patch changes only the mode of the file, which is not taken');
  const exists = source.files.has(after);
  if (before === null && exists) return refused('the patch makes this file, but it is there already');
  if (before !== null && !exists) {
    const similar = similarPaths(after, source.files);
    const hint = similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : '';
    return refused(`there is no such file (paths are relative to the source directory: git diff --relative)${hint}`);
  }
  const original = before === null ? '' : ((await source.read(after)) ?? '');
  const content = applyPatch(original, file);
  if (content === false) {
    return refused('the patch does not fit: its lines are not those of the commit that the experiment starts from');
  }
  return { path: after, content };
}

/** Null stands for no file. git puts a/ and b/ before both names. */
function namesOf({ oldFileName, newFileName }: StructuredPatch): { before: string | null; after: string | null } {
  const [old = NO_FILE, renewed = NO_FILE] = [oldFileName, newFileName];
  const isGits = (old === NO_FILE || old.startsWith('a/')) && (renewed === NO_FILE || renewed.startsWith('b/'));
  const plain = (name: string) => (name === NO_FILE ? null : name.slice(isGits ? 2 : 0).replace(/^(?:\.\/)+/, ''));
  return { before: plain(old), after: plain(renewed) };
}
