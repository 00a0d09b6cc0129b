/**
 * Words between which a user chooses, in config.json and by flags: apart from the schema of config.json, whose library
 * would slow down each command that only knows flags.
 */

/** How hard a model is told to think; '' leaves it to the model. */
export const EFFORTS = ['', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

/** By what two jobs are compared: how fast they work, or how long they take. */
export const COMPARISONS = ['rate', 'duration'] as const;

/** Tokens for the stable part of a prompt, unless a person says otherwise. */
export const DEFAULT_PROMPT_BUDGET = 30_000;
/** With less there is no room for the first things to know. */
export const LEAST_PROMPT_BUDGET = 5000;
