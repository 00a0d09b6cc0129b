/** A prompt in two parts: what stays the same from call to call, and the rest. */

/** A prompt in the order in which it is read; a provider may keep the stable parts in its cache. */
export interface PromptParts {
  stable: string[];
  rest: string;
}

export function promptText({ stable, rest }: PromptParts): string {
  return [...stable, rest].join('\n\n');
}
