// What a run left behind, as the cases ask for it: read from the workdir's files, as a person's script would.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const json = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);
const entries = (path) => (existsSync(path) ? readdirSync(path).sort() : []);

/**
 * @param {string} workdir absolute path of a run's workdir; it may be missing
 * @param {string} source the case's copy of its source, a git repository
 */
export function factsOf(workdir, source) {
  const tree = json(join(workdir, 'engine', 'tree.json')) ?? [];
  const state = json(join(workdir, 'state.json'));
  const nodes = new Map(tree.map((node) => [node.node_id, node]));
  const evidence = (id) => json(join(workdir, 'runs', id, 'evidence.json'));
  const rate = (id) => evidence(id)?.metrics.throughput_samples_per_s ?? null;
  const stepLines = (text) => text.match(/\[autoresearch\] step=/g)?.length ?? 0;
  const jobs = entries(join(workdir, 'local_jobs')).map((id) => {
    const stdout = read(join(workdir, 'local_jobs', id, 'stdout.log'));
    return { id, nodeId: id.replace(/^local_/, ''), stdout, steps: stepLines(stdout) };
  });
  return {
    source,
    workdir,
    state,
    nodes,
    jobs,
    rate,
    /** Samples per second of the baseline and of the best; null where nothing was measured. */
    baseline: rate('000_baseline'),
    best: state?.current_best ?? null,
    bestRate: state?.current_best ? rate(state.current_best) : null,
    /** Steps that the timer counted in the job of `id`; 0 where it counted none. */
    steps: (id) => evidence(id)?.steps?.count ?? 0,
    evidence,
    status: (id) => nodes.get(id)?.status ?? 'absent',
    failure: (id) => nodes.get(id)?.failure ?? null,
    job: (id) => jobs.find((job) => job.nodeId === id) ?? null,
    output: (name) => read(join(workdir, name)),
    file: (name) => read(join(source, name)),
    /** The commit that `id` ran, as `git show` prints a file of it. */
    commitOf: (id) => read(join(workdir, 'runs', id, 'commit.txt')).trim(),
    setupFailure: json(join(workdir, 'engine', 'setup_failures.json'))?.at(-1) ?? null,
  };
}

/** The problems among `claims`: each is a sentence of what should hold, and whether it does. */
export function broken(claims) {
  return Object.entries(claims)
    .filter(([, holds]) => !holds)
    .map(([claim]) => claim);
}
