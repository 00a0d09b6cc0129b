/** Signatures of the installed SPDL, as a prompt shows them: of the names that cards and code mention. */
import type { ApiFact, InstalledApi } from '../../source/libraries/installed-api.js';
import { tokensOf } from '../prompts/token-estimate.js';

/** '' without SPDL. `texts` name what is wanted; the first texts' names come first where there is no room for all. */
export function apiText(api: InstalledApi, texts: readonly string[], budget: number): string {
  if (api.version === null) return '';
  const wanted = unique(texts.flatMap((text) => named(api.facts, text)));
  const head = `## SPDL ${api.version}, as it is installed\n\nSignatures of what the cards and the code name, read from the installed files. An edit that names what is not there is refused.`;
  const shown: ApiFact[] = [];
  let left = budget - tokensOf(head);
  for (const fact of wanted) {
    const tokens = tokensOf(factText(fact)) + 2;
    if (tokens > left) continue;
    left -= tokens;
    shown.push(fact);
  }
  if (shown.length === 0) return '';
  const modules = unique(api.facts.map(({ module }) => module));
  const parts = modules.flatMap((module) => {
    const own = shown.filter((fact) => fact.module === module).sort((a, b) => (a.name < b.name ? -1 : 1));
    return own.length === 0 ? [] : [`\`${module}\`\n${own.map(factText).join('\n')}`];
  });
  return [head, ...parts].join('\n\n');
}

/** In the order in which the text mentions them. */
function named(facts: readonly ApiFact[], text: string): ApiFact[] {
  const places = new Map<string, number>();
  for (const match of text.matchAll(/\b[A-Za-z_]\w*\b/g)) if (!places.has(match[0])) places.set(match[0], match.index);
  const place = ({ name }: ApiFact) => places.get(name) ?? -1;
  return facts.filter((fact) => place(fact) >= 0).sort((a, b) => place(a) - place(b));
}

function factText({ kind, name, signature, says, methods }: ApiFact): string {
  const head = `- ${kind === 'class' ? 'class ' : ''}\`${name}${signature}\`${says === '' ? '' : `: ${says}`}`;
  const lines = methods.map((method) => `  \`.${method.name}${method.signature}\``);
  return [head, ...lines].join('\n');
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
