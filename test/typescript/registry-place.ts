import { join } from 'node:path';
import type { Workplace } from '../cli/installation.ts';
import { openRegistry, type TestRegistry } from './registry.ts';
import { makeDenoPlace } from './workplace.ts';

/** A workplace of Deno that knows no registry but that of the tests, and has a folder of modules of its own. */
export interface RegistryPlace {
  readonly place: Workplace;
  readonly registry: TestRegistry;
  readonly close: () => Promise<void>;
}

export async function openRegistryPlace(): Promise<RegistryPlace> {
  const place = makeDenoPlace();
  const registry = await openRegistry();
  const cache = { DENO_DIR: join(place.folder, '..', 'deno') };
  place.variables = { ...place.variables, ...registry.variables, ...cache, HTTP_PROXY: '', HTTPS_PROXY: '' };
  const close = async (): Promise<void> => {
    await registry.close();
    place.remove();
  };
  return { place, registry, close };
}
