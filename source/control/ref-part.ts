/**
 * What may stand between the slashes of a git ref and be a directory's name (a strict part of git-check-ref-format).
 */
const REF_PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

export function isRefPart(name: string): boolean {
  return REF_PART.test(name) && !name.includes('..') && !name.endsWith('.') && !name.endsWith('.lock');
}
