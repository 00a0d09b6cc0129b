/**
 * The parts of a prompt that stay the same from call to call: what every project needs to know, what this one does, its
 * code, and what the run's measurements bring up. Each depends on as little as it can, so that a provider's cache keeps
 * it: the first on the version alone, the second on what the code uses, the third on the code.
 */
import { DEFAULT_PROMPT_BUDGET } from '../../domain/formats/choices.js';
import { installedApi } from '../../source/libraries/installed-api.js';
import type { AgentTask } from '../agent.js';
import { apiText } from '../knowledge/api-text.js';
import { cardsText, chooseCards } from '../knowledge/choose-cards.js';
import { codeSigns, runSigns } from '../knowledge/signs.js';
import { knowledgeText } from './knowledge-folder.js';
import { loadTemplate, renderTemplate } from './render.js';
import { fenced, otherFilesText, readSource, type ShownSource } from './source-text.js';
import { charactersIn, tokensOf } from './token-estimate.js';

export interface PromptSettings {
  /** The owner's own texts about the project; '' when there are none. They come on top of the budget. */
  knowledgeDir: string;
  /** Tokens of the stable part. */
  budget: number;
}

export const DEFAULT_SETTINGS: PromptSettings = { knowledgeDir: '', budget: DEFAULT_PROMPT_BUDGET };

/** How the budget is shared. Fixed shares: what changes in one part moves nothing in another. */
const SHARES = { general: 0.15, code: 0.25, api: 0.15, runs: 0.1, source: 0.35 } as const;

export interface StableParts {
  stable: string[];
  /** What applies and has no room, in words for a log. */
  leftOut: string[];
}

/** `names`: the templates that the phase's own one wants before it. */
export async function stableParts(
  names: readonly string[],
  task: AgentTask,
  settings: PromptSettings,
): Promise<StableParts> {
  const source = await readSource(task.source);
  const made = await Promise.all(names.map((name) => partOf(name, { task, source, settings })));
  return {
    stable: made.map(({ text }) => text).filter((text) => text !== ''),
    leftOut: made.flatMap(({ leftOut }) => leftOut),
  };
}

interface Asked {
  task: AgentTask;
  source: ShownSource;
  settings: PromptSettings;
}

interface Part {
  text: string;
  leftOut: string[];
}

async function partOf(name: string, { task, source, settings }: Asked): Promise<Part> {
  const { budget } = settings;
  const share = (of: keyof typeof SHARES) => budget * SHARES[of];
  const signs = codeSigns([source.script, ...source.others.map(({ text }) => text)]);
  const general = chooseCards({ part: 'general', signs, budget: share('general') });
  switch (name) {
    case 'knowledge': {
      const values = { cards: cardsText(general.cards), project: await knowledgeText(settings.knowledgeDir) };
      return { text: rendered(name, values), leftOut: cardNames(general.leftOut) };
    }
    case 'particulars': {
      const { cards, leftOut } = chooseCards({ part: 'code', signs, budget: share('code') });
      const python = [
        source.script,
        ...source.others.flatMap(({ path, text }) => (path.endsWith('.py') ? [text] : [])),
      ];
      const named = [python.join('\n'), cardsText(cards), cardsText(general.cards)];
      const api = apiText(await installedApi(task.source.python), named, share('api'));
      if (cards.length === 0 && api === '') return { text: '', leftOut: cardNames(leftOut) };
      return { text: rendered(name, { cards: cardsText(cards), api }), leftOut: cardNames(leftOut) };
    }
    case 'code': {
      // An analysis judges a run: its script is enough.
      const room = charactersIn(Math.max(0, share('source') - tokensOf(source.script)));
      const { text, leftOut } = task.phase === 'analyze' ? { text: '', leftOut: [] } : otherFilesText(source, room);
      const values = { script: task.source.script, source: fenced(source.script, 'python'), other_files: text };
      return { text: rendered(name, values), leftOut: leftOut.map((path) => `file ${path}`) };
    }
    case 'raised': {
      const { cards, leftOut } = chooseCards({
        part: 'runs',
        signs: new Set([...signs, ...runSigns(task)]),
        budget: share('runs'),
      });
      const text = cards.length === 0 ? '' : rendered(name, { cards: cardsText(cards) });
      return { text, leftOut: cardNames(leftOut) };
    }
    default:
      throw new RangeError(`there is no stable part ${name}`);
  }
}

function rendered(name: string, values: Record<string, string>): string {
  return renderTemplate(loadTemplate(name), values, name).trim();
}

function cardNames(names: readonly string[]): string[] {
  return names.map((name) => `card ${name}`);
}
