// The API server of Kubernetes and its controllers for the tests of that platform: `node scripts/setup.mjs kubernetes`.
// No registry has them built. Go builds them from the sources that its module proxy has, which takes long and
// 3 GB of disk for its caches; etcd is Debian's.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fromApt } from './apt.mjs';
import { findOnPath } from './prerequisites.mjs';
import { inTools, run, SetupFailure, say } from './process.mjs';
import { dropStamp, hasStamp, writeStamp } from './stamp.mjs';

const VERSION = '1.34.4';
/** The parts of it that have modules of their own are published under this version. */
const PARTS_VERSION = `v0.${VERSION.split('.').slice(1).join('.')}`;
/** kubectl is for the commands that the guide prints. */
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kubectl'];
const folder = () => inTools('kubernetes');
const stampFile = () => inTools('kubernetes.stamp');

const etcd = fromApt({ etcd: 'etcd-server' });

const isBuilt = () =>
  PROGRAMS.every((name) => existsSync(inTools('kubernetes', name))) && hasStamp(stampFile(), VERSION);

/** Its own go.mod has its parts in folders that the module proxy does not have. */
async function writeModule() {
  const failure = `go could not fetch k8s.io/kubernetes@v${VERSION}; is the module proxy within reach?`;
  const found = JSON.parse(await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${VERSION}`], { failure }));
  const itsOwn = readFileSync(found.GoMod, 'utf8');
  const parts = [...itsOwn.matchAll(/(k8s\.io\/[\w.-]+) => \.\/staging/g)];
  const lines = [
    'module autoresearch/kubernetes',
    /^go .*$/m.exec(itsOwn)[0],
    `require k8s.io/kubernetes v${VERSION}`,
    ...parts.map(([, name]) => `replace ${name} => ${name} ${PARTS_VERSION}`),
  ];
  writeFileSync(inTools('kubernetes', 'go.mod'), `${lines.join('\n')}\n`);
}

export const kubernetes = {
  isDone: () => isBuilt() && etcd.isDone(),

  async run() {
    if (!etcd.isDone()) await etcd.run();
    if (isBuilt()) return;
    if (findOnPath('go') === undefined)
      throw new SetupFailure('no go on PATH, by which Kubernetes is built: install Go (https://go.dev/dl)', 2);
    say(`building ${PROGRAMS.join(', ')} ${VERSION} into ${folder()} (go; this takes long)`);
    dropStamp(stampFile());
    mkdirSync(folder(), { recursive: true });
    await writeModule();
    // Compiled sooner so; nothing here is measured.
    const version = `-X k8s.io/component-base/version.gitVersion=v${VERSION}`;
    const flags = ['-mod=mod', '-gcflags=all=-N -l -dwarf=false', `-ldflags=-s -w ${version}`];
    const targets = PROGRAMS.map((name) => `k8s.io/kubernetes/cmd/${name}`);
    await run('go', ['build', '-C', folder(), ...flags, '-o', `${folder()}/`, ...targets], {
      failure: 'go could not build Kubernetes',
    });
    writeStamp(stampFile(), VERSION);
  },
};
