/** A move as a plan reply names it (domain/proposals/moves.ts). */
import { z } from 'zod';
import { MOVE_NAMES, type MoveCall, moveProblem } from '../proposals/moves.js';

const number = z.number().optional();

export const MoveCallSchema: z.ZodType<MoveCall> = z
  .strictObject({
    move: z.enum(['set', ...MOVE_NAMES]),
    stage: z.string().min(1).optional(),
    knob: z.string().min(1).optional(),
    value: number,
    workers: number,
    items: number,
    megabytes: number,
    steps: number,
    threads: number,
  })
  .superRefine((call, context) => {
    const problem = moveProblem(call);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
