/**
 * A run that measures again what looks better, told by results alone: what is due is done after each step, as the
 * engine does.
 */
import { type ConfirmationRules, DEFAULT_CONFIRMATION } from '../../domain/belief/confirmation-state.js';
import { rowOf } from '../../domain/run/engine-state.js';
import type { ExperimentIdentity } from '../../domain/run/experiment-record.js';
import type { Limits } from '../../domain/run/limits.js';
import { consequencesOf, dueEvents } from '../../domain/verdict/consequences.js';
import { Story } from './run-story.js';

const NOISELESS = 100;

export class ConfirmedStory extends Story {
  static rules(rules: Partial<ConfirmationRules>): ConfirmationRules {
    return { ...DEFAULT_CONFIRMATION, verifyRuns: 0, ...rules };
  }

  static seeded(rules: Partial<ConfirmationRules> = {}, limits: Partial<Limits> = {}, headspace = 500): ConfirmedStory {
    const story = new ConfirmedStory(limits).setUp([], ConfirmedStory.rules(rules));
    story.ends('000_baseline', NOISELESS).ends('000_headspace', headspace).ends('001_mtp', 90);
    for (const id of story.open('calibration')) story.ends(id, id.endsWith('1') ? 101 : 99);
    return story;
  }

  due(): this {
    for (let events = dueEvents(this.state); events.length > 0; events = dueEvents(this.state)) this.tell(...events);
    return this;
  }

  /** `contention`: the share of the machine that other work used; `stepNoise`: what its steps show of the noise. */
  ends(
    nodeId: string,
    throughput: number,
    more: { contention?: number; stepNoise?: number; doubt?: string } = {},
  ): this {
    return this.completed(nodeId, throughput, more)
      .tell(...consequencesOf(this.state, nodeId))
      .due();
  }

  breaks(nodeId: string): this {
    return this.failed(nodeId).due();
  }

  /** One planning round with one experiment. */
  proposes(nodeId: string, more: Partial<ExperimentIdentity> = {}): this {
    const iteration = this.state.iteration + 1;
    this.tell({ type: 'planning_started', iteration });
    this.add(nodeId, { origin: { from: 'plan', iteration, index: 0 }, ...more });
    return this.tell({
      type: 'plan_received',
      iteration,
      action: 'launch',
      reasoning: '',
      accepted: [nodeId],
      refused: [],
      notApplicable: [],
    });
  }

  open(purpose?: string): string[] {
    return this.state.open.filter((id) => {
      const { origin } = rowOf(this.state, id);
      return purpose === undefined || (origin.from === 'repeat' && origin.purpose === purpose);
    });
  }

  /** Ends what is open, each repeat with its original's value in `values` (or the baseline's). */
  settles(values: Record<string, number>): this {
    for (let [id] = this.open(); id !== undefined; [id] = this.open()) {
      const { origin } = rowOf(this.state, id);
      const of = origin.from === 'repeat' || origin.from === 'ceiling' ? origin.of : id;
      this.ends(id, values[origin.from === 'ceiling' ? id : of] ?? NOISELESS);
    }
    return this;
  }

  verdict(nodeId: string): string | undefined {
    return rowOf(this.state, nodeId).judged?.verdict;
  }
}
