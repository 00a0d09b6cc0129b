/** Messages name a page of docs/ as it is called in the project; a person gets the path at which it stands here. */
import { existsSync } from 'node:fs';
import { packageFile } from '../../host/package-files.js';

const PAGE = /(?<![\w./-])docs\/([\w-]+\.md)\b/g;

/** The same text with the full path of each page that the package has. */
export function withDocPaths(text: string): string {
  return text.replace(PAGE, (whole, name: string) => {
    const path = packageFile('docs', name);
    return existsSync(path) ? path : whole;
  });
}
