// Fills the places of the walk-through's template, one after the other: `{{run COMMAND}}` with a block of what it
// printed, `{{value COMMAND | PATH}}` with a value of its JSON answer, `{{file NAME}}` with a file of the workdir,
// `{{NAME}}` with a given word. After a command or a file, `| first A last B` keeps so many lines, `| from TEXT` what
// begins at the first line that has it, `| until TEXT` what stands before such a line.

export const PLACE = /\{\{(run|value|file)?\s*(.*?)\}\}/gs;

/** `reads` has `run` and `json`, which run a command, and `file`, which reads one of the workdir. */
export async function filled(template, words, reads) {
  const answers = new Map();
  const once = (key, make) => {
    if (!answers.has(key)) answers.set(key, make());
    return answers.get(key);
  };
  let text = '';
  let end = 0;
  for (const [place, kind, rest] of template.matchAll(PLACE)) {
    const start = template.indexOf(place, end);
    text += template.slice(end, start);
    end = start + place.length;
    const [what, ...how] = rest.split(' | ').map((part) => part.trim());
    if (kind === 'run') text += block(`$ ${what}\n${cut(await reads.run(what), how)}`);
    else if (kind === 'file') text += quoted(cut(reads.file(what), how));
    else if (kind === 'value') text += shown(await once(what, () => reads.json(what)), how, place);
    else if (Object.hasOwn(words, what)) text += words[what];
    else throw new Error(`${place}: no such word; there are ${Object.keys(words).join(', ')}`);
  }
  return text + template.slice(end);
}

function cut(text, how) {
  let lines = text.split('\n');
  for (const rule of how) {
    const [, first, last] = /^first (\d+) last (\d+)$/.exec(rule) ?? [];
    const [, from] = /^from (.+)$/s.exec(rule) ?? [];
    const [, until] = /^until (.+)$/s.exec(rule) ?? [];
    if (first !== undefined) lines = without(lines, Number(first), lines.length - Number(last));
    else if (from !== undefined) lines = without(lines, 0, indexOf(lines, from));
    else if (until !== undefined) lines = without(lines, indexOf(lines, until), lines.length);
    else throw new Error(`"${rule}": "first A last B", "from TEXT" or "until TEXT"`);
  }
  return lines.join('\n').trimEnd();
}

/** What was left out is told, so that nobody takes a part for the whole. */
function without(lines, start, end) {
  if (end <= start) return lines;
  return [...lines.slice(0, start), `… (${end - start} ${end - start === 1 ? 'line' : 'lines'})`, ...lines.slice(end)];
}

function indexOf(lines, text) {
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`"${text}" stands in no line of:\n${lines.join('\n')}`);
  return index;
}

const block = (text) =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');

const quoted = (text) =>
  text
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');

/** A number with three digits that count. */
function shown(answer, [path], place) {
  const value = path.split('.').reduce((part, key) => part?.[key], answer);
  if (value === undefined || value === null) throw new Error(`${place}: the answer has no ${path}`);
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : String(value);
}
