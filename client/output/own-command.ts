/** Hints name the command as the person can call it: in a checkout of this program there may be none of its own. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isCheckout } from '../../host/tool-folder.js';

/** `autoresearch`, or how npm runs it from the checkout; what npm itself puts on PATH nobody has in a shell. */
export function ownCommand(env: NodeJS.ProcessEnv = process.env, inCheckout = isCheckout): string {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => !/[\\/]node_modules[\\/]\.bin\/?$/.test(folder));
  const isThere = folders.some((folder) => folder !== '' && existsSync(join(folder, 'autoresearch')));
  return isThere || !inCheckout ? 'autoresearch' : 'npx autoresearch';
}

/** The same text with that command in its hints. */
export function withOwnCommand(text: string, command = ownCommand()): string {
  return text.replace(/(?<=: |`)autoresearch(?= [a-z-]+)/g, command);
}
