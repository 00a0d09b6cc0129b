import { describe, expect, it } from 'vitest';
import { HELP } from '../../../client/supervise/rules/answers.js';
import { type Intent, intentOf } from '../../../client/supervise/rules/intent.js';

const tool = (name: string, input: object = {}) => ({ do: 'tool', tool: name, input });

const CASES: [string, object][] = [
  ['how is it going?', { do: 'status' }],
  ['Status', { do: 'status' }],
  ['/status', { do: 'status' }],
  ['how long will it take', { do: 'status' }],
  ['what is running?', { do: 'status' }],
  ['which job runs now', { do: 'status' }],
  ['when is it done?', { do: 'status' }],
  ['why did 004 fail?', { do: 'why_failed', node: '004' }],
  ['why did 004_decode_c8 crash', { do: 'why_failed', node: '004_decode_c8' }],
  ['why did it fail', { do: 'why_failed', node: null }],
  ['show 004', { do: 'explain', node: '004' }],
  ['what happened to 012_x?', { do: 'explain', node: '012_x' }],
  ['004', { do: 'explain', node: '004' }],
  ['tell me about the best', { do: 'explain', node: null }],
  ['what would you do with more budget?', { do: 'more_budget' }],
  ['if I gave it twice the time', { do: 'more_budget' }],
  ['try batch size 64 next', { do: 'try', setting: 'batch_size', value: 64, words: 'batch size 64', next: true }],
  ['try a batch size of 64', { do: 'try', setting: 'batch_size', value: 64, words: 'a batch size of 64', next: false }],
  [
    'please try decode.concurrency=8',
    { do: 'try', setting: 'decode.concurrency', value: 8, words: 'decode.concurrency=8', next: false },
  ],
  [
    'try splitting the load stage',
    { do: 'try', setting: null, value: null, words: 'splitting the load stage', next: false },
  ],
  ['stop after the running ones', tool('stop', { how: 'after_running' })],
  ['finish once the current jobs are done', tool('stop', { how: 'after_running' })],
  ['stop', tool('stop', { how: 'now_jobs_go_on' })],
  ['kill the jobs', tool('stop', { how: 'kill_jobs' })],
  ['stop and kill everything', tool('stop', { how: 'kill_jobs' })],
  ['cancel 005', tool('cancel', { node: '005' })],
  ['stop 005_x', tool('cancel', { node: '005_x' })],
  ['remove 007', tool('remove', { node: '007' })],
  ['run 007 first', { do: 'first', node: '007' }],
  ['prioritize 007 -5', tool('prioritize', { node: '007', priority: -5 })],
  ['set patience to 5', tool('set_limits', { patience: 5 })],
  ['set max_iterations 20', tool('set_limits', { max_iterations: 20 })],
  ['raise the budget to 12.5 dollars', tool('set_limits', { budget_usd: 12.5 })],
  ['set budget_job_hours none', tool('set_limits', { budget_job_hours: null })],
  ['limit hours to 8', tool('set_limits', { max_hours: 8 })],
  ['tell the planner that the disk is slow', tool('note', { text: 'the disk is slow' })],
  ['note: mind the GPU', tool('note', { text: 'mind the GPU' })],
  ['approve 004', tool('approve', { node: '004' })],
  ['refuse 004: it is too large', tool('refuse', { node: '004', reason: 'it is too large' })],
  ['what waits for me?', { do: 'waiting' }],
  ['pause', tool('pause')],
  ['go on', tool('resume')],
  ['write the report', tool('report')],
  ['is anything stuck?', { do: 'matter' }],
  ['what is wrong', { do: 'matter' }],
  ['what could not be tried?', { do: 'unreached' }],
  ['what is next?', { do: 'queue' }],
  ['tree', { do: 'tree' }],
  ['show me the diff of 004', { do: 'diff', node: '004' }],
  ['results', { do: 'results' }],
  ['help', { do: 'help' }],
  ['quit', { do: 'quit' }],
  ['colourless green ideas', { do: 'unknown' }],
];

describe('what a person means, by rules', () => {
  it.each(CASES)('%s', (line, meant) => {
    expect(intentOf(line)).toEqual(meant as Intent);
  });

  it('is never a change where a question was asked', () => {
    const questions = [
      'why was 004 cancelled?',
      'what does stop do',
      'how do I pause it',
      'is it paused?',
      'did 003 stop?',
    ];
    for (const line of questions) expect(intentOf(line).do, line).not.toBe('tool');
  });

  /** What each line of help is: a question by its name, a change by its tool. */
  const HELPED: Record<string, string> = {
    'how is it going': 'status',
    status: 'status',
    'what is the matter': 'matter',
    'show 004': 'explain',
    'why did 004 fail': 'why_failed',
    'show the diff of 004': 'diff',
    results: 'results',
    queue: 'queue',
    tree: 'tree',
    'try batch size 64 next': 'try',
    'run 007 first': 'first',
    'remove 007': 'remove',
    'cancel 005': 'cancel',
    'set patience to 5': 'set_limits',
    'set budget to 10': 'set_limits',
    'tell the planner that …': 'note',
    'what waits for me': 'waiting',
    'approve 004': 'approve',
    'refuse 004: too large': 'refuse',
    pause: 'pause',
    resume: 'resume',
    'stop after the running ones': 'stop',
    stop: 'stop',
    'kill the jobs': 'stop',
    'what would you do with more budget': 'more_budget',
    'write the report': 'report',
    quit: 'quit',
  };

  it('is known of every line of help', () => {
    const [, ...lines] = HELP.split('\n');
    const phrases = lines.flatMap((line) => line.trim().split(/ {2,}/)).filter((text) => !text.startsWith('('));
    const meant = phrases.map((text) => {
      const intent = intentOf(text);
      return [text, intent.do === 'tool' ? intent.tool : intent.do];
    });
    expect(Object.fromEntries(meant)).toEqual(HELPED);
  });
});
