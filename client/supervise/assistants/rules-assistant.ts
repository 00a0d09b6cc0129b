/** Answers without a model: what a line means and what is said are decided by rules, what is done by the tools. */

import { basename } from 'node:path';
import { flagNumber, withFlag } from '../../../domain/command/launch-flags.js';
import { experimentName } from '../../../domain/formats/spec.js';
import { experimentNamed } from '../../../domain/run/named-experiment.js';
import { readTextIfAny } from '../../../host/atomic-file.js';
import { errorText } from '../../output/error-text.js';
import { diagnosticLines, overviewSections } from '../../output/overview-text.js';
import { statusText } from '../../output/status-text.js';
import { runAsLogged } from '../../run/run-state.js';
import { status } from '../../run/run-status.js';
import { existingRun } from '../../run/workdir-config.js';
import { type ExperimentFacts, experimentFacts, experimentText } from '../../tools/experiment-facts.js';
import { type Assistant, type Desk, useTool } from '../desk.js';
import { goingText, HELP, moreBudgetText, whyText } from '../rules/answers.js';
import { type Intent, intentOf } from '../rules/intent.js';

export function rulesAssistant(desk: Desk): Assistant {
  return {
    name: 'rules (no model)',
    async answer(line) {
      const intent = intentOf(line);
      if (intent.do === 'quit') return 'leave';
      try {
        desk.conversation.answer(await answerTo(desk, intent));
      } catch (error) {
        desk.conversation.answer(errorText(error));
      }
      return 'stay';
    },
  };
}

async function answerTo(desk: Desk, intent: Intent): Promise<string> {
  const { workdir } = desk;
  switch (intent.do) {
    case 'status': {
      const answer = await status(workdir);
      const sections = answer.overview
        ? overviewSections(answer.overview).filter(({ title }) => title !== 'diagnostics')
        : [];
      const shown = sections.map(({ title, lines }) => [title, ...lines.slice(0, ROWS)].join('\n'));
      return [goingText(answer), ...shown].join('\n\n');
    }
    case 'results':
      return statusText(await status(workdir));
    case 'matter': {
      const { overview } = await status(workdir);
      const found = overview?.diagnostics ?? [];
      return found.length === 0 ? 'Nothing is the matter that I can see.' : found.flatMap(diagnosticLines).join('\n');
    }
    case 'unreached': {
      const { overview } = await status(workdir);
      const out = overview?.unreached ?? [];
      return out.length === 0 ? 'The planner names nothing that it could not reach.' : out.join('\n');
    }
    case 'queue':
    case 'tree':
    case 'waiting':
      return await said(desk, intent.do, {});
    case 'more_budget':
      return moreBudgetText(await status(workdir));
    case 'why_failed':
      return whyText(await experimentFacts(workdir, await failedNode(workdir, intent.node)));
    case 'explain':
      return shortText(await experimentFacts(workdir, intent.node ?? undefined));
    case 'diff':
      return await said(desk, 'diff', intent.node === null ? {} : { node: intent.node });
    case 'first':
      return await said(desk, 'prioritize', { node: intent.node, priority: await foremost(workdir) });
    case 'try':
      if (isNoCount(intent)) return `${intent.words}: a number above 0 is what that can be; nothing was queued`;
      return await said(desk, 'add', await ownExperiment(workdir, intent));
    case 'tool':
      return await said(desk, intent.tool, intent.input);
    case 'help':
      return HELP;
    default:
      return `I did not understand that, as I work by rules. ${HELP}`;
  }
}

/** To the person themselves, who knows what they answered. */
async function said(desk: Desk, tool: string, input: unknown): Promise<string> {
  const { text, isDeclined } = await useTool(desk, tool, input);
  return isDeclined ? 'nothing was changed' : text;
}

/** Without what fills a screen: its analysis lies in the workdir, and the log matters where it failed. */
function shortText(facts: ExperimentFacts): string {
  const log = facts.failure === null ? { stdout: '', stderr: '' } : {};
  const more = facts.analysis === '' ? '' : `\nmore: runs/${facts.node_id}/analysis.md in the workdir`;
  return `${experimentText({ ...facts, analysis: '', ...log })}${more}`;
}

/** Of each table, in an answer. */
const ROWS = 8;

/** What a person asks about as failed: where the words fit several, the one of them that did fail. */
async function failedNode(workdir: string, node: string | null): Promise<string | undefined> {
  if (node === null) return await newestFailed(workdir);
  const { state } = await runAsLogged(workdir);
  const failed = Object.values(state.experiments).filter((row) => row.state.status === 'failed');
  const named = experimentNamed(
    failed.map(({ nodeId }) => nodeId),
    node,
  );
  return 'found' in named ? named.found : node;
}

async function newestFailed(workdir: string): Promise<string | undefined> {
  const { recent_failures: failed, overview } = await status(workdir);
  return failed[0]?.node_id ?? overview?.results[0]?.node_id;
}

/** Whether a number is given that a count of something cannot have. */
function isNoCount({ setting, value }: Extract<Intent, { do: 'try' }>): boolean {
  const isCount = /batch|concurren|thread|worker|buffer|prefetch|queue|size|count|num/i.test(setting ?? '');
  return isCount && value !== null && (value < 0 || (value === 0 && /batch|concurren/i.test(setting ?? '')));
}

/** A priority before all that waits. */
async function foremost(workdir: string): Promise<number> {
  const { overview } = await status(workdir);
  return Math.min(0, ...(overview?.queue ?? []).map(({ priority }) => priority)) - 1;
}

/** A flag of the launch command where there is one of that name, else a change that the run's agent makes. */
async function ownExperiment(path: string, { setting, value, words, next }: Extract<Intent, { do: 'try' }>) {
  const { config } = await existingRun(path);
  const priority = next ? { priority: await foremost(path) } : {};
  const name = experimentName(`try_${words.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`)
    .slice(0, NAME_LENGTH)
    .replace(/_+$/, '');
  if (setting === null || value === null) return { name, description: words, changes: [words], ...priority };
  const command = config.base_launch_command;
  const spelt = [`--${setting.replaceAll('_', '-')}`, `--${setting}`];
  const script = (await readTextIfAny(config.pipeline_script)) ?? '';
  // One that the script reads need not stand in the command yet.
  const isFlag = (each: string) => flagNumber(command, each) !== null || new RegExp(`["']${each}["']`).test(script);
  const flag = spelt.find(isFlag);
  const made = { name, changes: [`${setting}=${value}`], hypothesis: 'a person wants to know', ...priority };
  if (flag === undefined) {
    const description = `Set ${setting.replaceAll('_', ' ')} to ${value}, and leave everything else as it is.`;
    return { ...made, description };
  }
  return { ...made, changes: [], launch_command: withFlag(command, flag, value, basename(config.pipeline_script)) };
}

const NAME_LENGTH = 40;
