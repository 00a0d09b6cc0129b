/** What a launch command that calls kubectl, or that is a manifest's name, asks for: one Job of a cluster. Pure. */
import { calledPrograms } from './called-programs.js';
import { shellCommands } from './shell-commands.js';

export type KubectlCommand = {
  /** The folders of `cd` in front, in order. */
  folders: readonly string[];
  /** '' where the command does not say. */
  namespace: string;
  context: string;
} & ({ manifest: string } | { image: string; command: readonly string[] });

const HELP = 'docs/platforms/kubernetes.md';
/** Options in front of or behind the verb that take their value as a word of its own. */
const WITH_VALUE = new Set(
  `-f --filename -n --namespace --context --image --kubeconfig -k --kustomize -l --selector -o --output -s --server
   --token --user --cluster --as --as-group --field-manager --cache-dir --request-timeout -v`.split(/\s+/),
);
/** They change nothing about the Job. */
const IDLE = new Set(
  `-o --output -v --wait --validate --server-side --force-conflicts --save-config --field-manager --overwrite --record
   --request-timeout --cache-dir --warnings-as-errors`.split(/\s+/),
);
const REFUSED: Readonly<Record<string, string>> = {
  '--kubeconfig': 'set KUBECONFIG where autoresearch is started instead, or name a context by --kube-context',
  '-k': 'give the Job by itself in one file (kubectl kustomize prints it)',
  '--kustomize': 'give the Job by itself in one file (kubectl kustomize prints it)',
  '--dry-run': 'no job would run',
  '--from': 'give the manifest of the Job itself',
};

export function isManifestName(word: string): boolean {
  return /^[^\s-].*\.ya?ml$/.test(word);
}

const isKubectl = (word: string) => word.split('/').at(-1) === 'kubectl';

/** Whether these words of one command submit something that this program can wait for. */
export function submitsByKubectl(words: readonly string[]): boolean {
  if (words[0] === undefined || !isKubectl(words[0])) return false;
  const [verb, ...rest] = plainWords(words.slice(1)).map(({ word }) => word);
  return verb === 'apply' || (verb === 'create' && (rest[0] === undefined || rest[0] === 'job'));
}

/**
 * Null where the command calls no kubectl and is no manifest: it then runs in a container by itself. Throws an Error
 * with the reason where it asks for what no job can be made of.
 */
export function readKubectlCommand(launchCommand: string): KubectlCommand | null {
  const commands = shellCommands(launchCommand);
  const only = commands.length === 1 && commands[0]!.length === 1 ? commands[0]![0]! : '';
  if (isManifestName(only)) return { folders: [], namespace: '', context: '', manifest: only };
  const submits = commands.findIndex(submitsByKubectl);
  const at = submits >= 0 ? submits : commands.findIndex((words) => words.some(isKubectl));
  if (at < 0) {
    const isDeeper = calledPrograms(launchCommand).some(({ own, args }) =>
      submitsByKubectl([own, ...args].map(({ value }) => value)),
    );
    if (isDeeper)
      throw refusal('kubectl stands in the text of another shell, or in a substitution: write the call itself');
    return null;
  }
  const before = commands.slice(0, at);
  const folders = before.map(([program, folder, ...more]) => {
    if (program === 'cd' && folder !== undefined && more.length === 0) return folder;
    if (program !== undefined && isKubectl(program))
      throw refusal(`leave out "kubectl ${[folder, ...more].join(' ')}": each experiment has a Job of its own name`);
    throw refusal(`${program} stands in front of kubectl: only cd may`);
  });
  if (at + 1 < commands.length)
    throw refusal('something stands behind kubectl: the engine waits for the job and reads its log by itself');
  const words = commands[at]!;
  if (!isKubectl(words[0]!))
    throw refusal(`${words[0]} stands in front of kubectl: set it where autoresearch is started`);
  return readKubectl(words.slice(1), folders);
}

function readKubectl(all: readonly string[], folders: readonly string[]): KubectlCommand {
  const dashes = all.indexOf('--');
  const words = dashes < 0 ? all : all.slice(0, dashes);
  const found = plainWords(words).map(({ word }) => word);
  const [verb, kind] = found;
  if (verb !== 'apply' && verb !== 'create')
    throw refusal(`kubectl ${verb ?? ''} makes no Job: kubectl apply -f job.yaml and kubectl create -f job.yaml do`);
  const given = new Map<string, string>();
  for (const { name, value } of optionsOf(words)) {
    if (Object.hasOwn(REFUSED, name)) throw refusal(`kubectl ${name}: ${REFUSED[name]}`);
    if (IDLE.has(name)) continue;
    const known = { '-f': '--filename', '-n': '--namespace' }[name] ?? name;
    if (!['--filename', '--namespace', '--context', '--image'].includes(known))
      throw refusal(`kubectl ${name} has no meaning here: leave it out, or submit by a file of commands`);
    if (given.has(known)) throw refusal(`kubectl ${known} is given twice: an experiment is one Job`);
    given.set(known, value);
  }
  const place = { folders, namespace: given.get('--namespace') ?? '', context: given.get('--context') ?? '' };
  const manifest = given.get('--filename');
  if (manifest !== undefined) {
    if (manifest === '-') throw refusal('give the file itself (-f job.yaml): $IMAGE and $NODE_ID in it are replaced');
    if (/^https?:/.test(manifest)) throw refusal('the manifest must be a file of this host');
    return { ...place, manifest };
  }
  const image = given.get('--image');
  if (verb !== 'create' || kind !== 'job' || image === undefined)
    throw refusal('kubectl needs -f job.yaml, or create job NAME --image=IMAGE -- COMMAND');
  return { ...place, image, command: dashes < 0 ? [] : all.slice(dashes + 1) };
}

interface Option {
  name: string;
  value: string;
}

function optionsOf(words: readonly string[]): Option[] {
  return words.flatMap((word, at) => {
    if (!word.startsWith('-') || (at > 0 && takesNext(words[at - 1]!))) return [];
    const [, short, rest] = /^(-[fnko])=?(.+)$/.exec(word) ?? [];
    if (short !== undefined && rest !== undefined) return [{ name: short, value: rest }];
    const [name = '', ...value] = word.split('=');
    return [{ name, value: value.length > 0 ? value.join('=') : takesNext(word) ? (words[at + 1] ?? '') : '' }];
  });
}

const takesNext = (word: string) => WITH_VALUE.has(word);

/** What is neither an option nor the value of one. */
function plainWords(words: readonly string[]): { word: string }[] {
  return words.flatMap((word, at) => (word.startsWith('-') || (at > 0 && takesNext(words[at - 1]!)) ? [] : [{ word }]));
}

function refusal(text: string): Error {
  return new Error(`${text} (${HELP})`);
}
