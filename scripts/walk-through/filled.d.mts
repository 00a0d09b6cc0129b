export interface Reads {
  /** What a command printed. */
  run(command: string): Promise<string>;
  /** Its answer in JSON. */
  json(command: string): Promise<unknown>;
  /** A file of the workdir. */
  file(name: string): string;
}

/** A place of the template: `{{…}}`. */
export const PLACE: RegExp;

/** The template with its places filled, in their order. An Error names a place that cannot be filled. */
export function filled(template: string, words: Record<string, string>, reads: Reads): Promise<string>;
