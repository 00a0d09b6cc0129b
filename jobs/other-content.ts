/** What a job whose host does not see its tree ran with other content than the tree has, by the hashes that it told. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImportedFile, type OtherContent, otherContent, sourceFoldersOf } from '../domain/verdict/source-proof.js';

/** `script`: the pipeline's, in the source directory. Nothing where the script did not tell where it ran. */
export async function ranOtherwise(
  imports: readonly ImportedFile[],
  sourceDir: string,
  script: string,
): Promise<OtherContent[]> {
  const folders = sourceFoldersOf(imports, script);
  const hashes = new Map<string, string>();
  for (const { path } of imports) {
    for (const folder of folders) {
      const file = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
      if (file === null || hashes.has(file)) continue;
      const bytes = await readFile(join(sourceDir, file)).catch(() => null);
      if (bytes !== null) hashes.set(file, createHash('sha256').update(bytes).digest('hex'));
    }
  }
  return otherContent(imports, folders, (file) => hashes.get(file) ?? null);
}
