/**
 * A built-in module of Node, or `undefined` elsewhere. Asked for at run time and without an import, so
 * that bundlers for browsers have nothing to resolve.
 */
export function nodeModule<T>(name: string): T | undefined {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return host.process?.getBuiltinModule?.(name) as T | undefined;
}
