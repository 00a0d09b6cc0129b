import { describe, expect, it } from 'vitest';
import { readKubectlCommand } from '../../../domain/command/kubectl-command.js';

const none = { folders: [], namespace: '', context: '' };

describe('a launch command of kubectl', () => {
  it.each([
    ['kubectl apply -f job.yaml', { ...none, manifest: 'job.yaml' }],
    ['kubectl create --filename=job.yaml', { ...none, manifest: 'job.yaml' }],
    ['kubectl apply -fjob.yaml -nteam', { ...none, manifest: 'job.yaml', namespace: 'team' }],
    [
      'kubectl -n team --context big apply -f job.yaml',
      { ...none, manifest: 'job.yaml', namespace: 'team', context: 'big' },
    ],
    ['kubectl apply --wait -o name --server-side -f job.yaml', { ...none, manifest: 'job.yaml' }],
    ['cd a && cd b && /usr/bin/kubectl apply -f job.yaml', { ...none, folders: ['a', 'b'], manifest: 'job.yaml' }],
    ['jobs/job.yml', { ...none, manifest: 'jobs/job.yml' }],
    [
      'kubectl create job train --image=reg/train:1 -- python train.py -f x',
      { ...none, image: 'reg/train:1', command: ['python', 'train.py', '-f', 'x'] },
    ],
  ])('%s', (command, expected) => {
    expect(readKubectlCommand(command)).toEqual(expected);
  });

  it('is none where another program runs', () => {
    expect(readKubectlCommand('python train.py --config a.yaml')).toBeNull();
  });

  it.each([
    ['kubectl apply -f -', /give the file itself/],
    ['kubectl delete job train --ignore-not-found; kubectl apply -f job.yaml', /^leave out "kubectl delete job train /],
    ['cd k8s && kubectl delete -f job.yaml && kubectl create -f job.yaml', /^leave out "kubectl delete -f job.yaml"/],
    ['kubectl delete job train', /^kubectl delete makes no Job/],
    ['envsubst < job.yaml | kubectl apply -f -', /envsubst stands in front/],
    ['kubectl apply -f https://example.com/job.yaml', /a file of this host/],
    ['kubectl apply -k .', /-k: give the Job by itself/],
    ['kubectl apply -f a.yaml -f b.yaml', /--filename is given twice/],
    ['kubectl apply -f job.yaml && kubectl wait job/x', /behind kubectl/],
    ['kubectl --kubeconfig x apply -f job.yaml', /set KUBECONFIG/],
    ['kubectl apply -f job.yaml --prune', /--prune has no meaning here/],
    ['kubectl run x --image=y', /kubectl run makes no Job/],
    ['kubectl create job x', /needs -f job.yaml/],
    ["bash -c 'kubectl apply -f job.yaml'", /stands in the text of another shell, or in a substitution/],
    ['JOB=$(kubectl create -f job.yaml -o name)', /stands in the text of another shell, or in a substitution/],
    ['timeout 60 kubectl apply -f job.yaml', /timeout stands in front/],
    ['A=1 kubectl apply -f job.yaml', /A=1 stands in front/],
  ])('%s is refused', (command, reason) => {
    expect(() => readKubectlCommand(command)).toThrow(reason);
  });
});
