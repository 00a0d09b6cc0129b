import { describe, expect, it } from 'vitest';
import { makeLiveView } from '../../../client/run/live-view.js';

/** A terminal as far as a panel needs it: text, line feeds, carriage returns, cursor up, and the two ways to erase. */
function terminal(isTerminal: boolean, size = { columns: 40, rows: 12 }, whole = false) {
  let written = '';
  let writes = 0;
  let resized = () => {};
  const output = {
    out: (text: string) => {
      written += text;
      writes += 1;
    },
    err: () => undefined,
    isTerminal,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    onResize(act: () => void) {
      resized = act;
      return () => {
        resized = () => {};
      };
    },
  };
  const resize = (to: Partial<typeof size>) => {
    Object.assign(size, to);
    resized();
  };
  return {
    view: makeLiveView(output, { whole }),
    raw: () => written,
    writes: () => writes,
    screen: () => screenOf(written),
    resize,
  };
}

function screenOf(written: string): string[] {
  const screen: string[] = [''];
  let [row, column] = [0, 0];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told begins with one.
  for (const [part] of written.matchAll(/\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+/g)) {
    if (part === '\r') column = 0;
    else if (part === '\n') {
      row += 1;
      column = 0;
      screen[row] ??= '';
    } else if (part === '\x1b[K') screen[row] = screen[row]!.slice(0, column);
    else if (part === '\x1b[J') screen.splice(row, screen.length, screen[row]!.slice(0, column));
    else if (part.endsWith('A')) row -= Number(/\d+/.exec(part)![0]);
    else if (!part.startsWith('\x1b')) {
      screen[row] = screen[row]!.slice(0, column).padEnd(column) + part + screen[row]!.slice(column + part.length);
      column += part.length;
    }
  }
  return screen;
}

describe('the screen of a run', () => {
  it('has plain lines only where nobody watches', () => {
    const { view, raw } = terminal(false);
    view.line('a');
    view.standing(() => ['1 running']);
    view.line('b');
    view.end();
    expect(raw()).toBe('a\nb\n');
  });

  it('keeps the panel below the lines, over what it showed before, and clears it at the end', () => {
    const { view, screen } = terminal(true);
    view.standing(() => ['1 running', '2 waiting', 'queue']);
    view.line('a');
    expect(screen()).toEqual(['a', '1 running', '2 waiting', 'queue']);
    view.standing(() => ['none']);
    view.line('b');
    expect(screen()).toEqual(['a', 'b', 'none']);
    view.end();
    view.line('c');
    expect(screen()).toEqual(['a', 'b', 'c', '']);
  });

  it('writes each frame at once, nothing where nothing changed, and never blanks what it will write again', () => {
    const { view, raw, writes } = terminal(true);
    view.standing(() => ['1 running', 'x']);
    view.standing(() => ['1 running', 'x']);
    expect(writes()).toBe(1);
    view.standing(() => ['2 running', 'x']);
    expect(writes()).toBe(2);
    const [, frame = ''] = raw().split('\x1b[?2026l');
    expect(frame).not.toContain('\x1b[2K');
    expect(frame.indexOf('\x1b[J')).toBeGreaterThan(frame.indexOf('2 running'));
  });

  it('never lets a line of the panel wrap, and leaves rows for the lines above it', () => {
    const { view, screen } = terminal(true, { columns: 10, rows: 5 });
    view.standing((rows) => [`${rows} rows`, 'x'.repeat(50), 'third']);
    expect(screen()).toEqual(['2 rows', `${'x'.repeat(8)}…`]);
  });

  it('counts cells, not letters, and steers no terminal by the texts of others', () => {
    const { view, screen, raw } = terminal(true, { columns: 8, rows: 9 });
    view.standing(() => ['日本語日本語', '\x1b[31mred\x1b[0m\x07!']);
    expect(screen()).toEqual(['日本語…', 'red!']);
    view.line('\x1b[2Jgone');
    expect(raw()).not.toContain('\x1b[2J');
  });

  it('is drawn again for another size, over all rows into which a narrower terminal broke it', () => {
    const { view, raw, resize } = terminal(true, { columns: 30, rows: 9 });
    view.standing((rows) => ['a'.repeat(29), `${rows} rows`]);
    const before = raw().length;
    resize({ columns: 10, rows: 8 });
    const frame = raw().slice(before);
    // Three rows for the first line, one for the second: three up from the last of them.
    expect(frame).toContain('\x1b[3A');
    expect(frame).toContain(`${'a'.repeat(8)}…`);
    expect(frame).toContain('5 rows');
  });

  it('has the other screen of the terminal for itself where it is all that is shown, and gives it back', () => {
    const { view, raw, resize } = terminal(true, { columns: 20, rows: 5 }, true);
    view.standing((rows) => [`${rows} rows`]);
    resize({ rows: 9 });
    view.end();
    view.end();
    const [opened, ...frames] = raw().split('\x1b[H');
    expect(opened).toBe('\x1b[?1049h\x1b[?2026h');
    expect(frames.map((frame) => frame.slice(0, 6))).toEqual(['5 rows', '9 rows']);
    expect(raw().split('\x1b[?1049l')).toHaveLength(2);
    expect(raw().endsWith('\x1b[?1049l')).toBe(true);
  });
});
