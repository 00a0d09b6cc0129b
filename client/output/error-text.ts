/** The message of an error for a person: the cause, where Temporal only says that something of its own failed. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'WorkflowFailedError',
  'WorkflowUpdateFailedError',
  'ActivityFailure',
  'ChildWorkflowFailure',
  'ServiceError',
]);

export function errorText(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && WRAPPERS.has(inner.name) && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
