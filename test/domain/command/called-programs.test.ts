import { describe, expect, it } from 'vitest';
import { calledPrograms } from '../../../domain/command/called-programs.js';

const shown = (text: string) =>
  calledPrograms(text).map(
    ({ program, args, place }) => `${[program, ...args.map(({ raw }) => raw)].join(' ')}: ${place}`,
  );

describe('the programs that a shell text calls', () => {
  it.each([
    ['a 1 && b 2 | c', ['a 1: plain', 'b 2: plain', 'c: plain']],
    ['A=1; a', [': plain', 'a: plain']],
    ['A=1 nice -n 5 timeout -k 5 60 a x', ['a x: plain']],
    ['if a; then b; else c; fi; d', [...'abc'].map((name) => `${name}: a condition, loop or group`).concat('d: plain')],
    ['for x in 1 2; do a $x; done && b', ['a $x: a condition, loop or group', 'b: plain']],
    ['(a; b) && c', ['a: a condition, loop or group', 'b: a condition, loop or group', 'c: plain']],
    ['X=$(a | b) c', ['a: a substitution', 'b: a substitution', 'c: plain']],
    ['a "$(b x) y" z', ['b x: a substitution', 'a "$(b x) y" z: plain']],
    ["bash -lc 'a && b' c", ["bash -lc 'a && b' c: plain", 'a: plain', 'b: plain']],
    ['$(bash -c a)', ['bash -c a: a substitution', 'a: a substitution']],
    ['a > b 2>&1 c # d', ['a c: plain']],
    ['case x in y) a;; esac; b', ['a: a condition, loop or group', 'b: plain']],
  ])('%s', (text, calls) => {
    expect(shown(text)).toEqual(calls);
  });

  it('tells what stands in front', () => {
    const [call] = calledPrograms('then A=1 exec env -u B C="2 3" nohup /usr/bin/a');
    expect(call).toMatchObject({ program: 'a', through: ['exec', 'env', 'nohup'] });
    expect(call!.environment.map(({ raw }) => raw)).toEqual(['A=1', 'env', '-u', 'B', 'C="2 3"']);
    expect(call!.first.raw).toBe('A=1');
  });
});
