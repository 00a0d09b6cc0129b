/** How a test's control plane is started: the flags of its programs. Pure. */

export interface Ports {
  etcd: number;
  peers: number;
  api: number;
}

/** What becomes of Jobs and pods depends on these. */
const CONTROLLERS = [
  ...['job-controller', 'garbage-collector-controller', 'ttl-after-finished-controller', 'namespace-controller'],
  ...['pod-garbage-collector-controller', 'resourcequota-controller', 'node-lifecycle-controller'],
  ...['taint-eviction-controller', 'serviceaccount-controller'],
];

/** `file` gives the path of a name in the folder of the control plane. */
type Place = (name: string) => string;

export function etcdFlags({ etcd, peers }: Ports, file: Place): string[] {
  const [client, peer] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peers}`];
  return [
    ...['--data-dir', file('etcd'), '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
}

export function serverFlags({ etcd, api }: Ports, file: Place): string[] {
  return [
    ...[`--etcd-servers=http://127.0.0.1:${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${api}`],
    ...[`--cert-dir=${file('certs')}`, '--authorization-mode=RBAC', `--token-auth-file=${file('tokens.csv')}`],
    ...[`--service-account-key-file=${file('sa.key')}`, `--service-account-signing-key-file=${file('sa.key')}`],
    ...['--service-account-issuer=https://autoresearch.test', '--service-cluster-ip-range=10.0.0.0/24'],
    // A host that is silent is given up in seconds.
    ...['--default-not-ready-toleration-seconds=2', '--default-unreachable-toleration-seconds=2'],
    '--kubelet-preferred-address-types=InternalIP',
    ...[`--audit-policy-file=${file('audit.yaml')}`, `--audit-log-path=${file('audit.log')}`],
  ];
}

export function controllerFlags(kubeconfig: string): string[] {
  return [
    ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
    `--controllers=${CONTROLLERS.join(',')}`,
    ...['--node-monitor-period=1s', '--node-monitor-grace-period=8s', '--kube-api-qps=200', '--kube-api-burst=400'],
  ];
}

/** The audit log counts what the holder of the role asks, and nothing else. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', users: ['autoresearch'] }, { level: 'None' }],
};
