/** How a demo ended, as text. */
import type { DemoAnswer } from '../commands/demo.js';
import { outcomeText } from './outcome-text.js';

export function demoText(answer: DemoAnswer): string {
  const pictures = answer.pictures.map((path) => `picture: ${path}`);
  return [...pictures, `source: ${answer.source}`, outcomeText(answer)].join('\n');
}
