/** `note`: tells the planner something; kept for the next engine where none works on the run now. */
import { randomUUID } from 'node:crypto';
import { steeringCommand } from '../steering/steering-command.js';

export const NOTE = steeringCommand(
  { name: 'note', args: '<workdir> <text>', help: 'tell the planner something; the next plan takes it into account' },
  async ([path = '', text = ''], { request = randomUUID() }, { steer, messages }) => {
    const { keptForLater } = await import('../steering/give-later.js');
    const about = { field: 'text', value: text };
    const otherwise = keptForLater({ request, do: 'note', message: { text } }, about);
    return steer(path, messages.noteUpdate, [{ text, request }], { request, about, otherwise });
  },
);
