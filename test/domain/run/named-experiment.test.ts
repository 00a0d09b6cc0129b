import { describe, expect, it } from 'vitest';
import { experimentNamed } from '../../../domain/run/named-experiment.js';

const IDS = [
  '000_baseline',
  '000_headspace',
  '001_mtp',
  '002_c2_b16',
  '004_c4_b16',
  '012_c12_b16',
  '013_Own',
  '40_old',
];

describe('an experiment is known', () => {
  it.each([
    ['its id', '002_c2_b16', '002_c2_b16'],
    ['its number', '4', '004_c4_b16'],
    ['its number as it is written', '004', '004_c4_b16'],
    ['the beginning of its id', '012_c', '012_c12_b16'],
    ['its name', 'c4_b16', '004_c4_b16'],
    ['the beginning of its name', 'base', '000_baseline'],
    ['its name in other capitals', 'own', '013_Own'],
    ['blanks around it', ' mtp ', '001_mtp'],
  ])('by %s: %j', (_, text, found) => expect(experimentNamed(IDS, text)).toEqual({ found }));

  it.each([
    ['7', '007_mtp'],
    ['mt', '007_mtp'],
    ['007', '007_mtp'],
    ['007_mtp_repeat_2', '007_mtp_repeat_2'],
    ['mtp_repeat_1', '007_mtp_repeat_1'],
  ])('%j means what was repeated, unless it names the repeat', (text, found) => {
    const repeated = ['007_mtp', '007_mtp_repeat_1', '007_mtp_repeat_2', '007_mtp_ceiling'];
    expect(experimentNamed(repeated, text)).toEqual({ found });
    expect(experimentNamed(repeated, 'mtp_rep')).toEqual({ among: ['007_mtp_repeat_1', '007_mtp_repeat_2'] });
  });

  it('by nothing that fits several, which are named', () => {
    expect(experimentNamed(IDS, '0')).toEqual({ among: ['000_baseline', '000_headspace'] });
    expect(experimentNamed(IDS, 'c')).toEqual({ among: ['002_c2_b16', '004_c4_b16', '012_c12_b16'] });
  });

  it.each([
    ['002_c2_b61', ['002_c2_b16']],
    ['headspcae', ['000_headspace']],
    ['12_c21', ['012_c12_b16']],
    ['000_ehad', ['000_headspace']],
    ['c3_b16', ['002_c2_b16', '004_c4_b16', '012_c12_b16']],
    ['nothing_like_it', []],
    ['99', []],
    ['', []],
  ])('%j is none; what is spelled like it is suggested', (text, near) => {
    expect(experimentNamed(IDS, text)).toEqual({ near });
  });
});
