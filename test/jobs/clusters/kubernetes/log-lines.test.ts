import { describe, expect, it } from 'vitest';
import { LogLines, readCursor, sinceTime } from '../../../../jobs/clusters/kubernetes/log-lines.js';

const AT = '2026-11-29T12:00:00';
const whole = `${AT}.1Z a\n${AT}.1Z b\n${AT}.123456789Z c\n${AT}.2Z \n2026-11-29T13:00:01+01:00 d`;

function read(text: string, cursor: string | null, pod = 'p') {
  const lines = new LogLines(readCursor(cursor, pod));
  lines.add(text);
  lines.end();
  return lines.take();
}

describe('lines of a log', () => {
  it('go on behind the cursor, wherever the first part ended', () => {
    for (let cut = 0; cut <= whole.length; cut++) {
      const first = new LogLines(readCursor(null, 'p'));
      first.add(whole.slice(0, cut));
      const before = first.take();
      // The server begins again with the second in which the last line came.
      expect(before.text + read(whole, before.cursor).text).toBe('a\nb\nc\n\nd');
    }
  });

  it('are asked for from the time of the last one on', () => {
    const { cursor } = read(`${AT}.123456789Z c\n`, null);
    expect(sinceTime(readCursor(cursor, 'p'))).toBe(`${AT}.123Z`);
    expect(sinceTime(readCursor(null, 'p'))).toBeNull();
  });

  it('of another pod begin anew', () => {
    const { cursor } = read(`${AT}.5Z c\n`, null);
    expect(read(`${AT}.1Z a\n`, cursor).text).toBe('');
    expect(read(`${AT}.1Z a\n`, cursor, 'q').text).toBe('a\n');
  });

  it('that the host says of its own accord have no time', () => {
    expect(read('unable to retrieve container logs\n', null).text).toBe('unable to retrieve container logs\n');
  });
});
