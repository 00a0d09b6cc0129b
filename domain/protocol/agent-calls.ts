/**
 * A call of an agent that another host makes: what the workdir's host asks, and what comes back. The message holds no
 * command and no key: which program answers is the agents' worker's own setting.
 */

/** Agents whose call is a program with a prompt on its standard input: they need nothing else of the workdir. */
export const AGENTS_ELSEWHERE = ['anthropic', 'claude', 'codex'] as const;
export type AgentElsewhere = (typeof AGENTS_ELSEWHERE)[number];

export interface AgentCall {
  run: string;
  /** Names the request: the key of its question and its number, as in engine/calls. */
  call: string;
  agent: AgentElsewhere;
  model: string;
  effort: string;
  phase: string;
  nodeId: string | null;
  /** What the program is given to read: the prompt, or the request that holds it. */
  prompt: string;
  timeoutMs: number;
}

export interface AgentCallInput {
  /** Task queue of the agents' workers. */
  queue: string;
  call: AgentCall;
}

export type AgentCallOutcome =
  /** The program ended, and this is what it printed. */
  | {
      is: 'ended';
      stdout: string;
      stderr: string;
      exitCode: number | null;
      timedOut: boolean;
      interrupted: boolean;
    }
  /** Its worker died meanwhile: what the program had printed when it ended, or was ended. */
  | { is: 'left'; stdout: string }
  /** It began, and nobody knows what came of it: it may have been paid for. */
  | { is: 'lost'; reason: string }
  /** It was not begun, and is not going to be. */
  | { is: 'refused'; reason: string };

/** What an agents' worker does. */
export interface AgentActivities {
  /** `mayHaveBegun`: an earlier attempt was given to a worker that did not answer. */
  callAgent(call: AgentCall & { mayHaveBegun: boolean }): Promise<AgentCallOutcome>;
}

/** Of the failure by which a worker that ends says that a program is still at work. */
export const CALL_LEFT = 'agent_call_left';

/** The server takes 2 MiB a message; a little stays for what is around the text. */
export const TRAVELS_BYTES = 1_900_000;
