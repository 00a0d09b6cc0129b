/**
 * What agent calls have cost until now whose activity told nobody: of an experiment, for an engine that ends it in
 * place of a workflow that somebody terminated, and of rounds and reports of an engine that was ended itself.
 */

import { CallRecord } from '../../agents/call-record.js';
import { PAID_PHASES, type PaidCalls, type Spent } from '../../domain/run/ledger.js';
import type { Workdir } from '../../workdir/paths.js';
import { retryKey } from './ask.js';

/** A call without a written cost counts as one of which nobody knows the price. */
export async function paidCalls(workdir: Workdir, nodeId: string): Promise<PaidCalls> {
  const record = new CallRecord(workdir);
  const [apply, analyze] = await Promise.all(PAID_PHASES.map((phase) => paidFor(record, `${phase}_${nodeId}`)));
  return { apply, analyze } as PaidCalls;
}

/** The same of one call and of its second question, by the key of the call. */
export async function paidFor(record: CallRecord, key: string): Promise<Spent> {
  const sum: Spent = { usd: 0, tokens: 0, unpriced: 0 };
  for (const each of [key, retryKey(key)]) {
    const { usd, tokens, unpriced } = await record.spent(each);
    sum.usd += usd;
    sum.tokens += tokens;
    sum.unpriced += unpriced + ((await record.isUnsettled(each)) ? 1 : 0);
  }
  return sum;
}
