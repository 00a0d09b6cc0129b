/** Synthetic runs of several sizes, carried on as an engine does it. */
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { applyEvent } from '../../domain/run/apply-event.js';
import { readCarried } from '../../domain/run/carried-format.js';
import { carriedState } from '../../domain/run/carried-state.js';
import { type EngineState, initialState } from '../../domain/run/engine-state.js';
import { syntheticRun } from '../../test/support/run-events.js';
import { AutoresearchCodec } from '../../worker/encryption/payload-codec.js';

const SEEDS = 3;
/** As a person steers while the run goes on. */
const OPEN = 6;
/** An engine continues as new about so often: a history of some thousand events. */
const EVENTS_PER_RUN = 1500;
const REPEATS = 20;
/** The server refuses more. */
const PAYLOAD_LIMIT_BYTES = 2 * 1024 * 1024;
/** Payload and time of the largest run, in terms of the smallest. */
const MOST_GROWTH = 1.5;

/** Prints the table; returns the exit code: 1 when what is carried grows with the number of experiments. */
export async function measureCarriedState(args: readonly string[]): Promise<number> {
  const sizes = (args.length > 0 ? args : ['200', '2000', '20000']).map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size <= SEEDS + OPEN)) {
    console.error(`experiments must be whole numbers above ${SEEDS + OPEN}, not ${args.join(' ')}`);
    return 2;
  }
  const rows = [];
  for (const size of sizes) rows.push(await measure(size));
  console.table(rows);
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const bytes = last.sent_bytes / first.sent_bytes;
  console.log(`payload, ${sizes.at(-1)} to ${sizes[0]} experiments: ${bytes.toFixed(2)} times`);
  return bytes <= MOST_GROWTH && last.sent_bytes < PAYLOAD_LIMIT_BYTES ? 0 : 1;
}

async function measure(experiments: number) {
  const { events } = syntheticRun({ followUps: experiments - SEEDS - OPEN, open: OPEN });
  const whole = initialState('r1');
  let carried = initialState('r1');
  let slowestMs = 0;
  for (const event of events) {
    applyEvent(whole, event);
    applyEvent(carried, event);
    if (event.seq % EVENTS_PER_RUN !== 0) continue;
    const begin = performance.now();
    carried = JSON.parse(JSON.stringify(carriedState(carried))) as EngineState;
    slowestMs = Math.max(slowestMs, performance.now() - begin);
  }
  const codec = new AutoresearchCodec([]);
  const sentBytes = async (state: EngineState) => (await sent(codec, state)).data?.length ?? 0;
  let carryMs = 0;
  let readMs = 0;
  for (let turn = 0; turn < REPEATS; turn += 1) {
    const begin = performance.now();
    const payload = await sent(codec, carriedState(carried));
    const between = performance.now();
    const [decoded] = await codec.decode([payload]);
    const read = readCarried(defaultPayloadConverter.fromPayload(decoded!));
    if (!read.ok) throw new Error(read.problem);
    carryMs += (between - begin) / REPEATS;
    readMs += (performance.now() - between) / REPEATS;
  }
  return {
    experiments,
    events: events.length,
    rows_kept: Object.keys(carriedState(carried).experiments).length,
    sent_bytes: await sentBytes(carriedState(carried)),
    carry_ms: Number(carryMs.toFixed(1)),
    read_ms: Number(readMs.toFixed(1)),
    slowest_of_the_run_ms: Number(slowestMs.toFixed(1)),
    whole_state_bytes: await sentBytes(whole),
  };
}

async function sent(codec: AutoresearchCodec, state: EngineState): Promise<Payload> {
  const plain = defaultPayloadConverter.toPayload({ state, exportedSeq: state.seq, chartsAtMs: 1 });
  return (await codec.encode([plain]))[0]!;
}
