import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kubeNameOf, labelValueOf } from '../../../../jobs/clusters/kubernetes/kube-names.js';

describe('names of Kubernetes', () => {
  it('are read by people, and by the server', () => {
    expect(kubeNameOf('ar-first-000_Baseline', '/w')).toMatch(/^ar-first-000-baseline-[0-9a-f]{12}$/);
    expect(labelValueOf('000_baseline')).toBe('000_baseline');
    expect(labelValueOf('_adopted_')).toMatch(/^adopted-[0-9a-f]{12}$/);
  });

  it('are right whatever a run and a node are called, and two are never the same', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,150}$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(kubeNameOf(one, '/w')).toMatch(/^[a-z0-9]([a-z0-9-]{0,55}[a-z0-9])?$/);
        expect(labelValueOf(one)).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
        if (one !== other) {
          expect(kubeNameOf(one, '/w')).not.toBe(kubeNameOf(other, '/w'));
          expect(labelValueOf(one)).not.toBe(labelValueOf(other));
        }
        expect(kubeNameOf(one, '/w')).not.toBe(kubeNameOf(one, '/v'));
      }),
    );
  });
});
