/** What an agent is told before its task, for two examples and three pipelines in the shape of SPDL's own. */
import { cpSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allCards } from '../../../agents/knowledge/card.js';
import { DEFAULT_SETTINGS } from '../../../agents/prompts/stable-parts.js';
import { promptParts } from '../../../agents/prompts/task-prompt.js';
import { tokensOf } from '../../../agents/prompts/token-estimate.js';
import { packageFile } from '../../../host/package-files.js';
import { temporaryFolder, write } from '../../activities/source-fixture.js';
import { ANALYZE, APPLY, PLAN } from '../../support/agents/agent-tasks.js';
import { removeFolder } from '../../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');

function sourceOf(folder: string, script = 'train.py') {
  return { dir: packageFile(...folder.split('/')), script, python: PYTHON };
}

function cardsIn(stable: readonly string[]): string[] {
  const text = stable.join('\n\n');
  return allCards().flatMap(({ name, body }) => (text.includes(body) ? [name] : []));
}

interface Case {
  folder: string;
  script?: string;
  /** Beside those that all have. */
  cards: string[];
  not: string[];
  says: string;
}

describe('the stable part', () => {
  it.each<Case>([
    {
      folder: 'examples/images',
      cards: ['image-files', 'mtp'],
      not: ['video-nvdec', 'garbage-collection'],
      says: '`.pipe(op, /, *, concurrency=1',
    },
    {
      folder: 'examples/audio',
      cards: ['audio-files', 'decoder-threads'],
      not: ['image-files'],
      says: '- `load_wav(data,',
    },
    {
      folder: 'test/fixtures/prompts/video_classification',
      cards: [
        'video-demux-and-decode',
        'video-nvdec',
        'video-nvdec-to-cpu',
        'video-subclips',
        'distributed',
        'garbage-collection',
        'noisy-neighbour',
        'mtp',
        'epochs',
      ],
      not: ['tokenizers', 'arena', 'mtp-costs'],
      says: '- `decode_packets_nvdec(packets, *, device_config,',
    },
    {
      folder: 'test/fixtures/prompts/hydra',
      cards: ['hydra-settings', 'config-by-hand', 'mtp'],
      not: ['distributed'],
      says: '- class `PipelineConfig(src, pipes, sink)`',
    },
    {
      folder: 'test/fixtures/prompts/llm_finetune',
      script: 'finetune.py',
      cards: ['tokenizers', 'arena', 'mtp-costs', 'mtp-front-and-back', 'distributed'],
      not: ['mtp', 'video-subclips', 'epochs'],
      says: '- `embed_shuffle(src, /, *, shuffle_last=False, epoch=0)',
    },
  ])(
    'of $folder has the cards that its code calls for, within the budget',
    async ({ folder, script, cards, not, says }) => {
      const { stable, leftOut } = await promptParts({ ...PLAN, source: sourceOf(folder, script) });
      const shown = cardsIn(stable);
      expect(shown).toEqual(expect.arrayContaining(['types-of-a-pipeline', 'reading-statistics', ...cards]));
      expect(shown.filter((name) => not.includes(name))).toEqual([]);
      expect(stable.join('\n')).toContain(says);
      expect(leftOut).toEqual([]);
      expect(tokensOf(stable.join('\n\n'))).toBeLessThan(DEFAULT_SETTINGS.budget);
    },
  );

  it('is the same for all phases that are taught, but for the code of an analysis', async () => {
    const source = sourceOf('examples/images');
    const [plan, apply, analyze] = await Promise.all(
      [PLAN, APPLY, ANALYZE].map((task) => promptParts({ ...task, source })),
    );
    expect(apply!.stable).toEqual(plan!.stable);
    expect(analyze!.stable.slice(0, 2)).toEqual(plan!.stable.slice(0, 2));
  });

  it('leaves out what is least specific where the budget is small, and names it', async () => {
    const source = sourceOf('test/fixtures/prompts/video_classification');
    const { stable, leftOut } = await promptParts({ ...PLAN, source }, { knowledgeDir: '', budget: 8000 });
    expect(tokensOf(stable.join('\n\n'))).toBeLessThan(8000);
    expect(cardsIn(stable)).toContain('video-nvdec');
    expect(leftOut).toEqual(expect.arrayContaining(['card video-nvdec-to-cpu']));
  });

  it('keeps what is known in general whatever the code becomes', async () => {
    const dir = temporaryFolder();
    onTestFinished(() => removeFolder(dir));
    cpSync(packageFile('examples', 'images'), dir, { recursive: true, filter: (path) => !path.includes('data') });
    const source = { dir, script: 'train.py', python: PYTHON };
    const before = await promptParts({ ...PLAN, source });
    write(dir, { 'more.py': 'x = 1\n' });
    const grown = await promptParts({ ...PLAN, source });
    expect(grown.stable.slice(0, 2)).toEqual(before.stable.slice(0, 2));
    write(dir, { 'more.py': 'import torch\n' });
    expect((await promptParts({ ...PLAN, source })).stable[0]).toBe(before.stable[0]);
  });

  it('has no signatures where the Python has no SPDL', async () => {
    const { stable } = await promptParts({
      ...PLAN,
      source: { ...sourceOf('examples/images'), python: '/none/python' },
    });
    expect(stable.join('\n')).not.toContain('as it is installed');
  });
});
