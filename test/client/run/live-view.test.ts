import { describe, expect, it } from 'vitest';
import { makeLiveView } from '../../../client/run/live-view.js';

function screen(isTerminal: boolean, columns = 40) {
  let written = '';
  const output = {
    out: (text: string) => {
      written += text;
    },
    err: () => undefined,
    isTerminal,
    columns,
  };
  return { view: makeLiveView(output), read: () => written };
}

describe('the screen of a run', () => {
  it('has plain lines only where nobody watches', () => {
    const { view, read } = screen(false);
    view.line('a');
    view.standing('1 running');
    view.line('b');
    view.end();
    expect(read()).toBe('a\nb\n');
  });

  it('keeps the standing below the lines on a terminal, and clears it at the end', () => {
    const { view, read } = screen(true);
    view.standing('1 running');
    view.line('a');
    view.end();
    const clear = '\r\x1b[2K';
    expect(read()).toBe(`${clear}1 running${clear}a\n${clear}1 running${clear}`);
  });

  it('never lets the standing wrap', () => {
    const { view, read } = screen(true, 10);
    view.standing('x'.repeat(50));
    expect(read()).toBe(`\r\x1b[2K${'x'.repeat(9)}`);
  });
});
