/** Surveys of many small projects by one Python process: what each spawns costs more than what it does. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageFile } from '../../host/package-files.js';
import { type Survey, SurveySchema } from '../../playbook/survey.js';
import { removeFolder } from '../support/remove-folder.js';
import { python } from './pipeline-fixtures.js';

export interface SmallProject {
  name: string;
  files: Readonly<Record<string, string>>;
  script: string;
  command: string;
}

export interface ManySurveys {
  /** Throws what the analyser said where it refused. */
  of(name: string): Survey;
}

const PROGRAM = `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
sys.setrecursionlimit(20_000)
from pipeline_source.analysis import Analysis
answers = []
for source_dir, script, command in json.load(sys.stdin):
    try:
        answers.append(Analysis(source_dir, script, command).survey())
    except Exception as error:
        answers.append(repr(error))
json.dump(answers, sys.stdout)
`;

export async function manySurveys(projects: readonly SmallProject[]): Promise<ManySurveys> {
  const root = await mkdtemp(join(tmpdir(), 'surveys-'));
  try {
    const requests: [string, string, string][] = [];
    for (const [index, { files, script, command }] of projects.entries()) {
      const dir = join(root, String(index));
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, file)), { recursive: true });
        await writeFile(join(dir, file), text);
      }
      requests.push([dir, script, command]);
    }
    const folder = packageFile('playbook', 'python');
    const { stdout } = await execa(python, ['-I', '-c', PROGRAM, folder], { input: JSON.stringify(requests) });
    const answers = JSON.parse(stdout) as unknown[];
    return {
      of: (name) => {
        const answer = answers[projects.findIndex((each) => each.name === name)];
        if (typeof answer === 'string') throw new Error(answer);
        return SurveySchema.parse(answer);
      },
    };
  } finally {
    await removeFolder(root);
  }
}
