/** What the supervisor's own model may cost, beside the run's budgets: counted after each call, asked before it. */
import { numberText } from '../../../domain/reports/quantity-text.js';

export class Purse {
  private spentUsd = 0;
  /** Calls whose price nobody knows. */
  private unpriced = 0;

  /** `limitUsd` null: no limit. */
  constructor(readonly limitUsd: number | null) {}

  /** Why a call that may cost so much is not made, or null; `atMostUsd` null where its price is not known. */
  refusal(atMostUsd: number | null): string | null {
    if (this.limitUsd === null) return null;
    if (atMostUsd === null) {
      return this.spentUsd < this.limitUsd ? null : this.spentText();
    }
    if (this.spentUsd + atMostUsd <= this.limitUsd) return null;
    return `this call may cost ${numberText(atMostUsd)} US dollars, and ${numberText(Math.max(0, this.limitUsd - this.spentUsd))} of the supervisor's ${numberText(this.limitUsd)} are left; --supervisor-budget raises that. Words that need no model go on: begin a line with "/"`;
  }

  book(usd: number | null): void {
    if (usd === null) this.unpriced += 1;
    else this.spentUsd += usd;
  }

  /** "0.012 of 1 US dollars". */
  spentText(): string {
    const limit = this.limitUsd === null ? '' : ` of ${numberText(this.limitUsd)}`;
    const unknown = this.unpriced === 0 ? '' : `, and ${this.unpriced} calls of unknown price`;
    return `${numberText(this.spentUsd)}${limit} US dollars${unknown}`;
  }
}
