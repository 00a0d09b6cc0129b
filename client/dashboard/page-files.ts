/** The files of the page: its compiled modules, the library that they use, and its style sheet. */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { colourRules } from '../../domain/charts/page-colours.js';
import { packageFile } from '../../host/package-files.js';

/** Compiled by the same compiler as the rest; run from the sources, this is the build's copy. */
const MODULES = packageFile('dist', 'client', 'dashboard', 'page');
const STYLE = packageFile('client', 'dashboard', 'page', 'style.css');

/** What the modules import by these names; the value is the file's own name in the page. */
const LIBRARY = {
  preact: 'preact.mjs',
  'preact/hooks': 'hooks.mjs',
  'preact/jsx-runtime': 'jsxRuntime.mjs',
} as const;

const require = createRequire(import.meta.url);

/** The text of each module by its path below the page's folder; of the library by the file's name. */
export async function pageModules(): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  const names = (await readdir(MODULES, { recursive: true }).catch(() => [])).filter((name) => name.endsWith('.js'));
  if (names.length === 0) throw new Error(`${MODULES} holds no page: \`npm run build\` makes it`);
  for (const name of names.sort()) modules.set(name, withoutMap(await readFile(join(MODULES, name), 'utf8')));
  for (const [name, file] of Object.entries(LIBRARY))
    modules.set(file, withoutMap(await readFile(require.resolve(name), 'utf8')));
  return modules;
}

/** By the names that modules import, the names of the library's files. */
export function libraryImports(): [name: string, file: string][] {
  return Object.entries(LIBRARY);
}

/** The colours stand once, with those of the pictures. */
export async function styleSheet(): Promise<string> {
  const [light, dark] = [colourRules('light'), colourRules('dark')];
  const themes = [
    `:root{color-scheme:light;${light}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${dark}}}`,
    `:root[data-theme=dark]{color-scheme:dark;${dark}}`,
  ];
  return `${themes.join('\n')}\n${await readFile(STYLE, 'utf8')}`;
}

function withoutMap(text: string): string {
  return text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
}
