/** What a person means by a line, by rules: no model, no run, no clock. */
import { isLimitName, LIMIT_NAMES, type LimitName } from '../../../domain/run/limits.js';

export type Intent =
  | {
      do:
        | 'status'
        | 'results'
        | 'queue'
        | 'tree'
        | 'matter'
        | 'unreached'
        | 'waiting'
        | 'more_budget'
        | 'help'
        | 'quit'
        | 'unknown';
    }
  /** `node` as the person named it; null: the newest that failed. */
  | { do: 'why_failed'; node: string | null }
  | { do: 'explain'; node: string | null }
  | { do: 'diff'; node: string | null }
  /** A setting with its value, or a change in words. */
  | { do: 'try'; setting: string | null; value: number | null; words: string; next: boolean }
  | { do: 'first'; node: string }
  | { do: 'tool'; tool: string; input: Record<string, unknown> };

type Rule = [RegExp, (found: RegExpExecArray, line: string) => Intent | null];

const NODE = String.raw`(\d[\w-]*)`;
const plain = (intent: Intent['do']) => () => ({ do: intent }) as Intent;
const tool = (name: string, input: Record<string, unknown> = {}): Intent => ({ do: 'tool', tool: name, input });

/** The first that fits decides. */
const RULES: readonly Rule[] = [
  [/^(q|quit|exit|bye|leave)\b/i, plain('quit')],
  [/^(help\b|\?$|what can (you|i) )/i, plain('help')],
  [
    /\bwhat would you do\b|\b(more|bigger|larger|twice the|double the) (budget|money|time|hours|rounds)\b/i,
    plain('more_budget'),
  ],
  [
    /\bwhy\b.*\b(fail|failed|crash|crashed|die|died|broke|break)/i,
    (_, line) => ({ do: 'why_failed', node: nodeIn(line) }),
  ],
  [/^(approve|yes to|accept)\b.*\d/i, (_, line) => tool('approve', { node: nodeIn(line) })],
  [/^(refuse|reject|no to|decline)\b.*\d/i, (_, line) => tool('refuse', { node: nodeIn(line), ...reasonIn(line) })],
  [/\b(approv\w*|waits? for me|waiting for)\b/i, plain('waiting')],
  [/^(pause|hold|wait)\b/i, () => tool('pause')],
  [/^(resume|unpause|continue|go on)\b/i, () => tool('resume')],
  [
    /^(cancel|kill|abort)\b/i,
    (_, line) => (nodeIn(line) === null ? stop(line) : tool('cancel', { node: nodeIn(line) })),
  ],
  [
    /^(stop|end|finish|drain|shut ?down)\b/i,
    (_, line) => (nodeIn(line) === null ? stop(line) : tool('cancel', { node: nodeIn(line) })),
  ],
  [new RegExp(`^(remove|drop|skip|delete|forget)\\b.*?${NODE}`, 'i'), ([, , node]) => tool('remove', { node })],
  [
    new RegExp(`^(?:prioriti[sz]e|priority)\\s+${NODE}\\s+(-?\\d+(?:\\.\\d+)?)$`, 'i'),
    ([, node, priority]) => tool('prioritize', { node, priority: Number(priority) }),
  ],
  [
    new RegExp(`^(?:run|do|move|put|try|prioriti[sz]e)\\s+${NODE}\\b.*\\b(first|next|now|up|front|top)\\b`, 'i'),
    ([, node]) => ({ do: 'first', node: node! }),
  ],
  [
    /^(?:set|raise|lower|change|limit)\s+(.+?)\s*(?:\bto\b|=|\s)\s*(none|\d+(?:\.\d+)?)\s*\w*$/i,
    ([, name, value]) => limit(name!, value!),
  ],
  [/^(?:note|remember|tell the planner)\b[:,]?\s*(?:that\s+)?(.+)/i, ([, text]) => tool('note', { text: text! })],
  [/^(?:write|make|generate)\b.*\breport\b|^report\b/i, () => tool('report')],
  [/^(?:please\s+)?(?:try|test|add|queue up)\s+(.+)/i, ([, words]) => attempt(words!)],
  [/\b(stuck|wrong|matter|problems?|diagnos\w*|hang\w*|trouble)\b/i, plain('matter')],
  [/\b(out of reach|not reach|could not (be )?(tried|reached|changed)|couldn't)\b/i, plain('unreached')],
  [/\bdiff\b|\b(what|which).*\bcode\b|\bpatch\b/i, (_, line) => ({ do: 'diff', node: nodeIn(line) })],
  [/\bqueue\b|\b(what('s| is|s)?|which).*\bnext\b/i, plain('queue')],
  [/\btree\b/i, plain('tree')],
  [
    /^(why|what|how|show|explain|tell me|describe|log)\b.*\d{2,}/i,
    (_, line) => ({ do: 'explain', node: nodeIn(line) }),
  ],
  [new RegExp(`^${NODE}$`), ([, node]) => ({ do: 'explain', node: node! })],
  [/\b(show|explain|about|what is) (the )?best\b/i, () => ({ do: 'explain', node: null })],
  [/\b(results?|summary|table|findings?|what worked|experiments)\b/i, plain('results')],
  [/\b(status|progress|going|doing|far|done|eta|how long|where|runs|running|jobs?)\b|^(st|s)$/i, plain('status')],
];

export function intentOf(line: string): Intent {
  const said = line
    .trim()
    .replace(/^\//, '')
    .replace(/[?!.]+$/, '');
  for (const [pattern, meant] of RULES) {
    const found = pattern.exec(said);
    const intent = found && meant(found, said);
    if (intent) return intent;
  }
  return { do: 'unknown' };
}

function nodeIn(line: string): string | null {
  return /\b(\d{2,}[\w-]*|\d+_[\w-]+)\b/.exec(line)?.[1] ?? null;
}

/** "refuse 004 because it is too large", "refuse 004: too large". */
function reasonIn(line: string): { reason?: string } {
  const reason = /(?:\bbecause\b|\bas\b|[:,-])\s+(.+)$/i.exec(line)?.[1];
  return reason === undefined ? {} : { reason };
}

function stop(line: string): Intent {
  const isDrain = /\b(after|drain|finish|once|when)\b/i.test(line);
  const kills = /\b(kill|cancel|abort)\b/i.test(line);
  return tool('stop', { how: isDrain ? 'after_running' : kills ? 'kill_jobs' : 'now_jobs_go_on' });
}

/** Words by which people call a limit, the more exact ones first. */
const LIMIT_WORDS: readonly [RegExp, LimitName][] = [
  [/job[ -]?hours/i, 'budget_job_hours'],
  [/job[ -]?(time-?out|time)|time-?out/i, 'job_timeout_s'],
  [/tokens/i, 'budget_tokens'],
  [/budget|dollars|usd|money/i, 'budget_usd'],
  [/patience/i, 'patience'],
  [/rounds|iterations/i, 'max_iterations'],
  [/(?:max(?:imum)?|most|number of|total(?: of)?|all)[ -]jobs|jobs (?:in all|altogether|in total)/i, 'max_jobs'],
  [/concurrency|at a time|parallel|jobs/i, 'max_concurrency'],
  [/experiments/i, 'max_experiments'],
  [/hours|time/i, 'max_hours'],
];

function limit(words: string, value: string): Intent | null {
  const exact = words.trim().toLowerCase().replace(/^--/, '').replace(/[ -]+/g, '_');
  const name = isLimitName(exact)
    ? exact
    : (LIMIT_NAMES.find((each) => each === exact) ?? LIMIT_WORDS.find(([pattern]) => pattern.test(words))?.[1]);
  return name === undefined
    ? null
    : tool('set_limits', { [name]: value.toLowerCase() === 'none' ? null : Number(value) });
}

/** "a batch size of 64 next" -> batch_size, 64. */
function attempt(given: string): Intent {
  const next = /\s+(next|first|now)$/i.test(given);
  const words = given.replace(/\s+(next|first|now)$/i, '').trim();
  const found =
    /^(?:an?\s+|the\s+|with\s+|setting\s+)?([a-z][\w.:/ -]*?)\s*(?:=|\bof\b|\bto\b|\bat\b|\s)\s*(-?\d+(?:\.\d+)?)$/i.exec(
      words,
    );
  if (!found) return { do: 'try', setting: null, value: null, words, next };
  const setting = found[1]!.trim().toLowerCase().replace(/[ -]+/g, '_');
  return { do: 'try', setting, value: Number(found[2]), words, next };
}
