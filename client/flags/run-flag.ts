/** A flag of `run` and `start`, and how one is made: `flag` for a key of config.json, `limitFlag` for a limit. */
import { LIMITS, type LimitName } from '../../domain/run/limits.js';
import type { ConfigPath } from '../run/workdir-config.js';
import { amountOrNone, asText, countOrNone, wholeNumber } from './flag-values.js';

export interface RunFlag {
  /** As commander reads it. */
  flags: string;
  /** Long name, as it stands in errors. */
  name: string;
  /** Name under which commander keeps the value. */
  option: string;
  /** Path of the key in config.json. */
  key: ConfigPath;
  help: string;
  /** May be given several times. */
  repeatable?: boolean;
  /** From the text (or true, of a switch) to the value in config.json; a Refusal when it does not fit. */
  read(given: unknown): unknown;
  /** The limit that it sets; limits may change while a run exists. */
  limit?: LimitName;
  /** Part of what a person is asked about; may change while a run exists. */
  approval?: true;
  /** Another start of the same run may give another value. */
  mayChange?: boolean;
  /** A number of repeats whose default is made only as far as it is needed; one that is given is made. */
  adapts?: true;
}

export function flag(flags: string, key: RunFlag['key'], help: string, more: Partial<RunFlag> = {}): RunFlag {
  const name = /--[a-z-]+/.exec(flags)![0];
  const option = name.replace(/^--(no-)?/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return { flags, name, option, key, help, read: asText, ...more };
}

export function limitFlag(limit: LimitName): RunFlag {
  const { flag: flags, help, kind, initial, ...facts } = LIMITS[limit];
  const text = 'saysDefault' in facts ? help : `${help} (default: ${initial ?? 'none'})`;
  const key =
    'section' in facts ? ([facts.section, limit] as unknown as ConfigPath) : ([limit] as unknown as ConfigPath);
  const made = flag(flags, key, text, { limit });
  return { ...made, read: LIMIT_READERS[kind](made.name) };
}

const LIMIT_READERS = {
  count: (name: string) => wholeNumber(name, 1),
  'optional count': countOrNone,
  'optional amount': amountOrNone,
};
