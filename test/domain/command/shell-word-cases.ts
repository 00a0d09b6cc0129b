/**
 * The table of what a shell text's words are; the analyser's cases in test/playbook/python/command read the same one.
 */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../../host/package-files.js';

export interface Case {
  says: string;
  text: string;
  commands: string[][];
  /** Whether bash gives its programs these very words: nothing in it is expanded, or left open. */
  bash: boolean;
}

export const CASES = JSON.parse(readFileSync(packageFile('test', 'fixtures', 'shell-words.json'), 'utf8')) as Case[];
