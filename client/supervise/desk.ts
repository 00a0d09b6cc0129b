/**
 * What an assistant works at: the run, its tools, and the person. A tool that changes something acts only after the
 * person has said yes to just that.
 */
import { errorText } from '../output/error-text.js';
import { TOOLS } from '../tools/tools.js';
import { type Conversation, confirmed } from './conversation.js';

export interface Desk {
  workdir: string;
  conversation: Conversation;
}

export interface Assistant {
  /** Who answers, for a person. */
  readonly name: string;
  /** `leave` when the person wants to go. */
  answer(line: string): Promise<'leave' | 'stay'>;
}

export interface Used {
  text: string;
  /** What went wrong, or a person's no. */
  isError: boolean;
  /** The person's no; absent where none was given. */
  isDeclined?: true;
}

/** Never throws for what a tool refuses. */
export async function useTool({ workdir, conversation }: Desk, name: string, input: unknown): Promise<Used> {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool)
    return { text: `there is no tool ${name}; there are ${TOOLS.map((each) => each.name).join(', ')}`, isError: true };
  try {
    if (tool.changes) {
      await tool.before?.(workdir, input);
      const what = tool.told ? `${tool.told(input)}; ` : inputText(input);
      const isWanted = await confirmed(conversation, `${tool.title}: ${what}do it?`);
      const said = conversation.left.aborted ? 'has left' : 'said no';
      if (!isWanted) return { text: `the person ${said}: nothing was changed`, isError: true, isDeclined: true };
    }
    return { text: await tool.act(workdir, input), isError: false };
  } catch (error) {
    return { text: errorText(error), isError: true };
  }
}

const VALUE_LENGTH = 400;

function inputText(input: unknown): string {
  const given = Object.entries((input ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name} ${valueText(value)}`).join(', ');
  return text === '' ? '' : `${text}; `;
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}… (${text.length} characters)` : text;
}
