/**
 * What agents write, held against what the engine decided. A sentence that calls an experiment a success which the
 * engine did not confirm, another one the best, or its gain over the baseline another number, keeps its words and is
 * followed by the engine's: the agent's own text stays whole in logs/. Rules over sentences, which may miss a claim and
 * change none.
 */
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, HEADSPACE_ID, isTerminal } from '../run/experiment-record.js';
import { VERDICT_TEXTS } from './judgement-text.js';
import { inline } from './markdown.js';
import { gainText, speedupText } from './quantity-text.js';
import type { RunRecord } from './run-record.js';
import { standingsOf } from './standing.js';

const SUCCESS =
  /\b(?:hypothesis (?:holds|held|is (?:confirmed|right|supported|true)|was (?:confirmed|right|supported|true))|confirm(?:s|ed)|work(?:s|ed)|help(?:s|ed)|faster|improv\w+|speed-?ups?|gain(?:s|ed)?|wins?|won|success\w*|beats?|outperform\w*|(?<!\bat )best|winner)\b|\+\s?\d/i;
/** Says that it did not, that it might, or that one run says it. */
const NO_CLAIM =
  /\b(?:not|no|nor|never|neither|cannot|without|hardly|barely|un(?:confirmed|proven|decided|changed)|fail\w*|slower|worse|regress\w*|reject\w*|quarantin\w*|noise|would|could|should|may|might|expect\w*|if|try|tried to|this run|(?:first|single|one) (?:run|measurement))\b|n[’']t\b|^\W*hypothesis:/i;
/** Each begins with its number, those of adopted runs with `_`. */
const NODE_ID = /(?<![\w-])[\d_](?:[\w.-]*[\w-])?(?![\w-])/g;
const BEST = /\b(?:(?<!\bat )best|winner|winning)\b/i;
const OLD_BEST = /\b(?:previous|former|earlier|then|so far|second|next|at the time)\b/i;
/** What is a claim even in a section on what did not help, where gains are told to show that they are none. */
const VERDICT = /\bhypothesis (?:holds|held|is|was)\b|\bconfirm(?:s|ed)\b/i;
const SUCCESS_HEADING = /^#+\s.*\b(?:worked|works|wins|winners?|gains?|improvements?|confirmed|helped)\b/i;
/** Before an experiment that another one is compared with. */
const COMPARED = /\b(?:than|against|over|versus|vs\.?|beats?|outperforms?|on top of|on|from|to|of|like|as)\s+[`*(]*$/i;
const OTHER_QUANTITY = /utili[sz]|\bSM\b|GPU|CPU|occup|readiness|memory|wait|reduc|lower|less|shorter|step time/i;
/** A gain that is told with other numbers is another one from here on. */
const SAME_GAIN = 0.03;
const MARK = 'the engine ';

/** `own`: the experiment that a text is about where it names none. */
export function heldText(state: EngineState, text: string, own: string | null = null): string {
  return new Holder(state, own).text(text);
}

/** What an experiment's analysis found, each held against the verdict on it. */
export function heldFindings({ state, findings }: RunRecord, nodeId: string): string[] {
  const found = findings.get(nodeId) ?? [];
  return found.length === 0 ? [] : found.map((text) => heldText(state, text, nodeId));
}

class Holder {
  #isFenced = false;
  /** Of the section. */
  #says: 'success' | 'failure' | 'nothing' = 'nothing';
  #subject: string | null;

  constructor(
    readonly state: EngineState,
    readonly own: string | null,
  ) {
    this.#subject = own;
  }

  text(text: string): string {
    return text
      .split('\n')
      .map((line) => this.#line(line))
      .join('\n');
  }

  #line(line: string): string {
    if (/^\s*(?:```|~~~)/.test(line)) this.#isFenced = !this.#isFenced;
    else if (/^#+\s/.test(line)) {
      this.#says = NO_CLAIM.test(line) ? 'failure' : SUCCESS_HEADING.test(line) ? 'success' : 'nothing';
      this.#subject = this.#named(line)[0] ?? this.own;
    } else if (!this.#isFenced && line.trim() !== '') return this.#held(line);
    return line;
  }

  #held(line: string): string {
    if (line.includes(MARK)) return line;
    if (/^\s*\|.*\|\s*$/.test(line)) return line.replace(/\s*\|\s*$/, `${this.#mark(line, this.#subject, true)} |`);
    const isItem = /^\s*(?:[-*+]|\d+\.)\s/.test(line);
    let subject = this.#subject;
    const parts = line.split(/(?<=[.!?])(?=\s)/).map((sentence, index) => {
      const mark = this.#mark(sentence, subject, isItem && index === 0);
      subject = this.#named(sentence)[0] ?? subject;
      return mark === '' ? sentence : sentence.replace(/([.!?]?)$/, `${mark}$1`);
    });
    return parts.join('');
  }

  /** ` (the engine …)`, or '' where nothing is to be said. */
  #mark(sentence: string, before: string | null, isListed: boolean): string {
    if (NO_CLAIM.test(sentence)) return '';
    const [named, ...others] = this.#named(sentence);
    const subject = named ?? before;
    const row = subject === null ? undefined : this.state.experiments[subject];
    if (!row || row.nodeId === BASELINE_ID || row.nodeId === HEADSPACE_ID || row.kind === 'repeat') return '';
    const isClaim =
      (this.#says === 'failure' ? VERDICT : SUCCESS).test(sentence) ||
      (this.#says === 'success' && isListed && named !== undefined);
    if (!isClaim) return '';
    const doubt = this.#doubtOf(row);
    if (doubt !== null) return ` (${MARK}did not confirm this: ${inline(doubt)})`;
    const { best } = this.state;
    const isCalledBest = BEST.test(sentence) && !OLD_BEST.test(sentence);
    if (isCalledBest && named !== undefined && best !== null && best !== named && !others.includes(best))
      return ` (${MARK}has another best one: ${best})`;
    const measured = others.length === 0 ? this.#otherGain(sentence, row.nodeId) : null;
    return measured === null ? '' : ` (${MARK}measures ${measured} over the baseline)`;
  }

  /** Experiments that a sentence speaks of, those last that others are only compared with. */
  #named(sentence: string): string[] {
    const found = [...sentence.matchAll(NODE_ID)]
      .filter(({ 0: id }) => Object.hasOwn(this.state.experiments, id))
      .map(({ 0: id, index }) => ({ id, isCompared: COMPARED.test(sentence.slice(0, index)) }));
    return [...found.filter((each) => !each.isCompared), ...found.filter((each) => each.isCompared)].map(
      ({ id }) => id,
    );
  }

  #doubtOf(row: ExperimentRow): string | null {
    if (!isTerminal(row)) return null;
    if (row.state.status !== 'completed') return `it is ${row.state.status}`;
    if (row.judged) {
      const { verdict, reason } = row.judged;
      return verdict === 'keep'
        ? null
        : reason === ''
          ? VERDICT_TEXTS[verdict]
          : `${VERDICT_TEXTS[verdict]}, ${reason}`;
    }
    const { gain } = standingsOf(this.state)(row.nodeId);
    return gain !== null && gain < 1 ? `${gainText(gain)} against the baseline` : null;
  }

  /** The measured gain, where the sentence tells another one over the baseline. */
  #otherGain(sentence: string, nodeId: string): string | null {
    if (!/\bbaseline\b/i.test(sentence) || OTHER_QUANTITY.test(sentence)) return null;
    const told = [...sentence.matchAll(/([+-]?\d+(?:\.\d+)?)\s?(%|x\b|×|times\b)/g)];
    if (told.length !== 1) return null;
    const { gain, proven } = standingsOf(this.state)(nodeId);
    if (gain === null) return null;
    const [, number, unit] = told[0]!;
    const claimed = unit === '%' ? 1 + Number(number) / 100 : Number(number);
    const isSame = Math.abs(claimed / gain - 1) <= SAME_GAIN;
    const isWithin = proven !== null && claimed >= 1 + proven.low && claimed <= 1 + proven.high;
    return isSame || isWithin ? null : speedupText(gain);
  }
}
