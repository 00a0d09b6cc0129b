/** All runs whose histories are kept. */
import { ABSENCES } from './scenarios/absences.js';
import { BOUNDS } from './scenarios/bounds.js';
import { FAILURES } from './scenarios/failures.js';
import { GIFTS } from './scenarios/gifts.js';
import type { Scenario } from './scenarios/scenario.js';
import { STEERING } from './scenarios/steering.js';
import { UNDISTURBED } from './scenarios/undisturbed.js';

export const SCENARIOS: readonly Scenario[] = [
  ...UNDISTURBED,
  ...STEERING,
  ...FAILURES,
  ...ABSENCES,
  ...BOUNDS,
  ...GIFTS,
];
