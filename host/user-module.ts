/** What a module of the user's makes: an agent, a platform. */
import { pathToFileURL } from 'node:url';

/**
 * The default export of the ES module at an absolute path, or what it makes of `args` where it is a function. An Error
 * says why the module cannot be loaded.
 */
export async function madeByModule(path: string, ...args: readonly unknown[]): Promise<unknown> {
  try {
    const { default: made } = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return typeof made === 'function' ? await made(...args) : made;
  } catch (error) {
    throw new Error(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
