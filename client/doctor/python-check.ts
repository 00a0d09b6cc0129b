/** Whether the target's Python is there and imports SPDL. */
import { stat } from 'node:fs/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import { runApart } from '../../host/short-program.js';
import { toolPython } from '../../host/tool-folder.js';
import { launchEnvironmentProblem } from '../../source/launch-environment.js';
import { targetPython } from '../../source/target-python.js';
import { COMMAND_TIMEOUT_MS, type Finding, note, ok, output, problem } from './finding.js';

const PROBE = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
/** SPDL's version is known even where SPDL cannot be imported. */
const SPDL_PROBE = 'import importlib.metadata as m; print(m.version("spdl"), flush=True); import spdl.pipeline';

/** `isLost`: the run never goes on (its baseline failed), and keeps to no environment. */
export async function python(config: RunConfig | null, isLost = false): Promise<Finding> {
  const change = config && !isLost && (await launchEnvironmentProblem(config));
  if (change) return problem(change, 'put that back, or go on with `autoresearch run --accept-environment`');
  const { binary, trouble } = await interpreter(config);
  if (binary === null) return problem(trouble, 'name it by --python, or put python3 (3.10 or newer) on PATH');
  const version = await output(binary, ['-c', PROBE]);
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === null || major < 3 || (major === 3 && minor < 10)) {
    return problem(`${binary}, Python ${version ?? 'that does not run'}`, 'the target needs Python 3.10 or newer');
  }
  const finding = spdlFinding(binary, version, await spdlOf(binary));
  // Which environment a run will have is not known yet.
  return config === null && finding.state === 'problem'
    ? note(finding.found, `${ENVIRONMENT}, or ${finding.advice}`)
    : finding;
}

const ENVIRONMENT = 'start a run in the environment of your training, or name its Python by --python';

export interface SpdlProbe {
  /** Null when it is not installed. */
  version: string | null;
  /** Why it does not import, or null. */
  trouble: string | null;
}

async function spdlOf(binary: string): Promise<SpdlProbe> {
  const probe = await runApart(binary, ['-c', SPDL_PROBE], { timeout: COMMAND_TIMEOUT_MS, stdin: 'ignore' });
  const { failed, stdout = '', stderr = '', shortMessage = 'it does not run' } = probe;
  const version = stdout.trim() || null;
  return { version, trouble: failed ? stderr.trim().split('\n').at(-1) || shortMessage : null };
}

/** SPDL says that it runs on 3.10, but takes typing.Self, which 3.11 brought. */
const OLD_PYTHON = 'SPDL 0.8 does not import on Python 3.10: take Python 3.11 or newer';

export function spdlFinding(binary: string, python: string, { version, trouble }: SpdlProbe): Finding {
  const found = `${binary}, Python ${python}`;
  if (version !== null && trouble === null) return ok(`${found}, SPDL ${version}`);
  const isOld = python.startsWith('3.10.');
  const install = `${binary} -m pip install`;
  if (version === null) return problem(`${found}, without SPDL`, isOld ? OLD_PYTHON : `install it: ${install} spdl`);
  const advice = isOld ? OLD_PYTHON : `mend its installation: ${install} --force-reinstall spdl`;
  return problem(`${found}, SPDL ${version} that does not import (${trouble})`, advice);
}

/** Without a run: what this shell calls Python, as the jobs of a run that is started in it do; else the demo's. */
async function interpreter(config: RunConfig | null): Promise<{ binary: string | null; trouble: string }> {
  const trouble = 'no Python found';
  if (config)
    return await targetPython(config).then(
      (binary) => ({ binary, trouble }),
      (error: Error) => ({ binary: null, trouble: error.message }),
    );
  for (const name of ['python', 'python3']) if (await output(name, ['--version'])) return { binary: name, trouble };
  const ours = toolPython();
  return { binary: (await stat(ours).catch(() => null)) ? ours : null, trouble };
}
