import { describe, expect, it } from 'vitest';
import { spoken, withoutColours } from '../../../domain/evidence/printed-line.js';
import { commasIn, printedNumber, withPlainNumbers } from '../../../domain/evidence/printed-number.js';

describe('a printed number', () => {
  it.each<[string, number]>([
    ['263.2', 263.2],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.5E-2', 0.015],
    ['1,234.5', 1234.5],
    ['1,234,567', 1234567],
    ['1.234,5', 1234.5],
    ['1.234.567', 1234567],
    ['1.234', 1.234],
    ['12,5', 12.5],
    ['0,125', 0.125],
    ['1,234', 1234],
    ['12\u202f345,6', 12345.6],
    ["12'345.6", 12345.6],
    ['12_345', 12345],
    ['-3', -3],
  ])('%s is %d', (text, value) => expect(printedNumber(text)).toMatchObject({ value, unit: 'none' }));

  it.each<[string, number, string, number]>([
    ['3.2k', 3200, 'none', 1],
    ['1.2M', 1.2e6, 'none', 1],
    ['1.2k samples/s', 1200, 'rate', 1],
    ['1.23kit/s', 1230, 'rate', 1],
    ['36.2it/s', 36.2, 'rate', 1],
    ['120 it/min', 120, 'rate', 60],
    ['2.1s/it', 2.1, 'time', 1],
    ['150ms', 150, 'time', 0.001],
    ['150 ms', 150, 'time', 0.001],
    ['80µs', 80, 'time', 1e-6],
    ['2min', 2, 'time', 60],
    ['45%', 45, 'percent', 1],
    ['30 fps', 30, 'rate', 1],
    ['2.5 GB', 2.5, 'other', 1],
  ])('%s has a unit', (text, value, unit, seconds) =>
    expect(printedNumber(text)).toEqual({ value: expect.closeTo(value), unit, seconds }),
  );

  it.each(['', 'nan', 'inf', '0x10', '1,23,456', '1..2', '1.2.3', '12:30:45', 'k', '--5', '2024-01-02', '3/100'])(
    '%j is none',
    (text) => expect(printedNumber(text)).toBeNull(),
  );

  it.each<[string[], string | null]>([
    [['1,234', '987', '1,001'], null],
    [['1,234', '1,234.5'], 'thousands'],
    [['1,234', '0,987'], 'decimals'],
    [['1,234', '12,5'], 'decimals'],
    [['1,234.5', '12,5'], null],
  ])('the commas of %j mean %s', (texts, commas) => expect(commasIn(texts)).toBe(commas));

  it('whose commas are decimals', () => expect(printedNumber('1,234', 'decimals')?.value).toBe(1.234));

  it.each([
    ['speed: 1,234.5 it/s', 'speed: 1234.5 it/s'],
    ['speed: 1.234,5 it/s', 'speed: 1234.5 it/s'],
    ['loss 1.2e-3, at 1.2e+03', 'loss 0.0012, at 1200'],
    ['10.0.0.1 and v1.2.3 stay', '10.0.0.1 and v1.2.3 stay'],
    ['12:30:45,123 took 3', '12:30:45,123 took 3'],
  ])('in %j', (text, plain) => expect(withPlainNumbers(text)).toBe(plain));
});

describe('a printed line', () => {
  it('has no colours', () => {
    expect(withoutColours('\u001b[1;32mspeed\u001b[0m \u001b]0;title\u0007\u001b[2K12')).toBe('speed 12');
  });
  it.each<[string, string | null, number | null, string]>([
    ['[rank3]: Traceback', 'rank3', 3, 'Traceback'],
    ['[rank0]:   File "train.py", line 3', 'rank0', 0, '  File "train.py", line 3'],
    ['[default0]:[autoresearch] step=1', 'default0', 0, '[autoresearch] step=1'],
    ['[default1]:[rank5]: Traceback', 'default1 rank5', 5, 'Traceback'],
    ['[2]:loss 3', '2', 2, 'loss 3'],
    ['[trainer2]:loss 3', 'trainer2', 2, 'loss 3'],
    ['[1,2]<stdout>:x', '1,2', 2, 'x'],
    ['2: step', '2', 2, 'step'],
    [' 12:     raise', '12', 12, '    raise'],
    ['sh/0 [autoresearch] step=1', 'sh/0', 0, '[autoresearch] step=1'],
    ['train.py/3   File "x"', 'train.py/3', 3, '  File "x"'],
    // Which rank that is depends on how many each replica has.
    ['trainer/1 [0]:loss', 'trainer/1 0', null, 'loss'],
    ['1: [default0]:loss', '1 default0', null, 'loss'],
    ['12:30:45 step', null, null, '12:30:45 step'],
    ['[12:30:45] step', null, null, '[12:30:45] step'],
    ['[autoresearch] step=1', null, null, '[autoresearch] step=1'],
    ['epoch/3 loss', null, null, 'epoch/3 loss'],
    ['1/3 loss', null, null, '1/3 loss'],
    ['/data/3 is there', null, null, '/data/3 is there'],
  ])('%s is of %s, rank %s', (line, by, rank, text) => expect(spoken(line)).toEqual({ by, rank, text }));
});
