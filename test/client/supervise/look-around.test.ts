import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Conversation } from '../../../client/supervise/conversation.js';
import { launchCommandsIn } from '../../../client/supervise/start/launch-commands.js';
import { lookAround } from '../../../client/supervise/start/look-around.js';
import { Questions } from '../../../client/supervise/start/questions.js';

async function repository(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-look-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ '.git/HEAD': 'ref: refs/heads/main\n', ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const MAIN = '\nif __name__ == "__main__":\n    main()\n';

describe('launch commands in texts', () => {
  it.each<[string, string, string[]]>([
    ['a fence', '```bash\n$ python src/train.py --epochs 1   # a minute\n```', ['python src/train.py --epochs 1']],
    ['a recipe', 'train:\n\t@python3 src/train.py --fast\n', ['python3 src/train.py --fast']],
    [
      'a continued line',
      'torchrun --nproc 2 \\\n    src/train.py \\\n    --x 1\n',
      ['torchrun --nproc 2 src/train.py --x 1'],
    ],
    [
      'backquotes',
      '- `CUDA_VISIBLE_DEVICES=0 python -m src.train --x 1`',
      ['CUDA_VISIBLE_DEVICES=0 python -m src.train --x 1'],
    ],
    ['a script', '#!/bin/sh\nexec 2>&1\npython "src/other.py"\n./src/train.py\n', []],
    ['a sentence', 'Then python is run on src/train.py by hand: see below.', []],
    ['what a reader fills in', 'python src/train.py --data <path to data>', []],
    ['a variable of Make', 'go:\n\t$(PYTHON) src/train.py\n\tpython src/train.py $(FLAGS)\n', []],
  ])('are found in %s', (_, text, commands) => {
    expect(launchCommandsIn(text, 'src/train.py')).toEqual(commands);
  });
});

describe('the questions', () => {
  it('offer the repository of the script, wherever a person stands', async () => {
    const root = await repository({ 'code/train.py': MAIN });
    const asked: string[] = [];
    const conversation = {
      ask: async (question: string) => {
        asked.push(question);
        return '';
      },
      answer: () => undefined,
    } as unknown as Conversation;
    const options = { pipelineScript: join(root, 'code', 'train.py') };
    await new Questions(conversation, dirname(root)).fill(options);
    expect(options).toMatchObject({ sourceDir: root, baseLaunchCommand: 'python code/train.py' });
    expect(asked[0]).toContain(`[${root}]`);
  });
});

describe('a look around', () => {
  it('finds the repository, scripts by what they import, the commands that start them, and a Dockerfile', async () => {
    const root = await repository({
      'src/loading.py': 'from spdl.pipeline import PipelineBuilder\n',
      'src/train.py': `from loading import make\n${MAIN}`,
      'src/other.py': `import torch\n${MAIN}`,
      'tests/test_loading.py': 'import spdl\n',
      'venv/lib/spdl_user.py': 'import spdl\n',
      'README.md': '    python src/train.py --epochs 1\n',
      'docker/Dockerfile': 'FROM python:3.11\n',
    });
    const found = await lookAround(join(root, 'src'));
    expect(found).toEqual({
      root,
      scripts: [join(root, 'src/train.py'), join(root, 'src/loading.py')],
      commands: {
        [join(root, 'src/train.py')]: ['python src/train.py --epochs 1'],
        [join(root, 'src/loading.py')]: [],
      },
      dockerfile: join(root, 'docker/Dockerfile'),
    });
  });

  it('follows no link out of the repository', async () => {
    const other = await repository({ 'train.py': 'import spdl\n' });
    const root = await repository({});
    await symlink(other, join(root, 'there'));
    expect(await lookAround(root)).toEqual({ root, scripts: [], commands: {}, dockerfile: null });
  });
});
