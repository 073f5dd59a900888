import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { statesFolder } from '../../runtime/index.ts';
import { isFileError } from './files.ts';
import type { Host } from './host.ts';

/** The file that stands for a bundle, by the bytes of its `bundle.json`, which names its notebook by digest. */
function markOf(host: Host, bundleText: string): string {
  const digest = createHash('sha256').update(bundleText, 'utf8').digest('hex');
  return path.join(statesFolder(host.environment), 'compiled', digest);
}

/** Remembers that this user has compiled the bundle here, or has agreed to run it. */
export function rememberCompiled(host: Host, bundleText: string): void {
  const mark = markOf(host, bundleText);
  try {
    mkdirSync(path.dirname(mark), { recursive: true, mode: 0o700 });
    writeFileSync(mark, '', { mode: 0o600 });
  } catch (error) {
    // Where nothing can be remembered a run asks again, which is the safe side.
    if (!isFileError(error)) throw error;
  }
}

/** True when it was compiled here, or somebody has agreed to run it. */
export function isCompiledHere(host: Host, bundleText: string): boolean {
  return existsSync(markOf(host, bundleText));
}
