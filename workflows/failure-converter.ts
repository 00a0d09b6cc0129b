/**
 * How failures that workflow code throws travel: with a key their messages and stacks become payloads, which the codec
 * encrypts. A sandbox has no environment: the worker says so in front of the bundle (worker/create-worker.ts).
 */
import { DefaultFailureConverter } from '@temporalio/common';

const { autoresearchEncodesFailures: encodeCommonAttributes = false } = globalThis as {
  autoresearchEncodesFailures?: boolean;
};

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes });
