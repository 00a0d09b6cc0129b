/** The few Markdown forms that the reports share. Texts by models and jobs never break out of their place. */

/** One line of text that can stand in a table cell or a list item. */
export function inline(text: string, limit = 300): string {
  return oneLine(text, limit).replace(/\|/g, '\\|').replace(/</g, '&lt;');
}

/** The same without escaping, for what a table escapes itself. */
export function oneLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1).trimEnd()}…` : line;
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map((cells) => line(cells.map((cell) => inline(cell))))];
}

/** A block of text as it is, in a fence longer than any inside it. */
export function fence(text: string, language = ''): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const marks = '`'.repeat(longest + 1);
  return [`${marks}${language}`, text, marks];
}

/** A heading and what stands under it; nothing at all when that is empty. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, '', ...lines];
}

export function document(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
