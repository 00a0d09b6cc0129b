/** The one HTML document of the page: with its files beside it, or, to be shared, with all of them inside. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path/posix';
import { libraryImports, pageModules, styleSheet } from './page-files.js';

const TITLE = 'autoresearch';
/** A stroke that rises in three steps, in the colour of gains. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"%3E%3Cpath d="M2 13h4V9h4V5h4" fill="none" stroke="%232f9e63" stroke-width="2.4"/%3E%3C/svg%3E';

export interface ServedDocument {
  html: string;
  /** Lets this page run its own files and nothing else, and load nothing from anywhere else. */
  policy: string;
}

/** `modules` are fetched at once, not one after another. */
export function servedDocument(modules: Iterable<string>): ServedDocument {
  const imports = Object.fromEntries(libraryImports().map(([name, file]) => [name, `./assets/${file}`]));
  const map = JSON.stringify({ imports });
  const hash = createHash('sha256').update(map).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const preloads = [...modules].map((name) => `<link rel="modulepreload" href="./assets/${name}">`);
  const head = `<link rel="stylesheet" href="./assets/style.css">\n<script type="importmap">${map}</script>\n${preloads.join('\n')}`;
  return { html: documentOf(head, '<script type="module" src="./assets/main.js"></script>'), policy };
}

/** `data` is what the page shows; nothing is loaded from anywhere. */
export async function sharedDocument(data: unknown): Promise<string> {
  const modules = await pageModules();
  const library = new Map(libraryImports());
  const files = new Set([...library.values()]);
  const names = new Map([
    ...library,
    ...[...modules.keys()].filter((name) => !files.has(name)).map((name) => [`page/${name}`, name] as const),
  ]);
  const imports = Object.fromEntries(
    [...names].map(([name, file]) => [name, moduleUrl(file, modules.get(file) ?? '')]),
  );
  const policy =
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
  const head = [
    `<meta http-equiv="content-security-policy" content="${policy}">`,
    `<style>${await styleSheet()}</style>`,
    `<script type="importmap">${JSON.stringify({ imports })}</script>`,
    `<script type="application/json" id="shared">${inScript(JSON.stringify(data))}</script>`,
  ].join('\n');
  return documentOf(head, `<script type="module">import 'page/main.js';</script>`);
}

function documentOf(head: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${TITLE}</title>
<link rel="icon" href='${ICON}'>
${head}
</head>
<body>
<div id="app"><noscript>This page needs JavaScript.</noscript></div>
${script}
</body>
</html>
`;
}

/** Modules inside of a page have no address of their own: they find each other by name. */
function moduleUrl(path: string, text: string): string {
  const named = text.replace(
    RELATIVE_IMPORT,
    (_, word: string, to: string) => `${word}'page/${join(dirname(path), to)}'`,
  );
  return `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`;
}

const RELATIVE_IMPORT = /(\bfrom\s*|\bimport\s*)['"](\.{1,2}\/[\w./-]+\.js)['"]/g;

/** No text of a run may end the element that it stands in. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
