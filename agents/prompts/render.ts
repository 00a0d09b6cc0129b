/**
 * Prompts are Markdown files with declared variables. Rendering is one pass, so that inserted text is never replaced
 * again.
 */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../host/package-files.js';

export interface Template {
  variables: string[];
  /** Templates that stand before this one: what many prompts share, so that a provider can keep it in its cache. */
  stable: string[];
  body: string;
}

const FRONT_MATTER = /^---\nvariables: \[([^\]]*)\]\n(?:stable: \[([^\]]*)\]\n)?---\n/;

/** A RangeError when the file's head does not declare its variables. */
export function parseTemplate(text: string, name: string): Template {
  const head = FRONT_MATTER.exec(text);
  if (!head) throw new RangeError(`prompt ${name} does not declare its variables`);
  return { variables: names(head[1]), stable: names(head[2]), body: text.slice(head[0].length) };
}

function names(list = ''): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** A RangeError names a variable that the template uses or declares and the values lack, or the other way round. */
export function renderTemplate(template: Template, values: Record<string, string>, name: string): string {
  const unknown = Object.keys(values).find((key) => !template.variables.includes(key));
  if (unknown !== undefined) throw new RangeError(`prompt ${name} has no variable ${unknown}`);
  const missing = template.variables.find((key) => values[key] === undefined);
  if (missing !== undefined) throw new RangeError(`prompt ${name} needs the variable ${missing}`);
  return template.body.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new RangeError(`prompt ${name} uses ${key}, which it does not declare`);
    return value;
  });
}

export function loadTemplate(name: string): Template {
  return parseTemplate(readFileSync(packageFile('agents', 'prompts', `${name}.md`), 'utf8'), name);
}
