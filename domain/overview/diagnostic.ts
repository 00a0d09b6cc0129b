/** One thing that people should know of a run, as every view shows it. */
export interface Diagnostic {
  /** `stuck`: nothing of it goes on by itself. `note`: to be known, and no fault. */
  level: 'stuck' | 'failing' | 'doubt' | 'note';
  what: string;
  /** ISO 8601; null where nobody knows. */
  since: string | null;
  why: string;
  advice: string;
}
