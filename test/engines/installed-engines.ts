import { existsSync } from 'node:fs';
import path from 'node:path';

/** Folder of the environments that `npm run targets` makes; empty without it. */
export const engines: string = process.env['CELLWRIGHT_TARGETS'] ?? '';

/** True when an engine, or a file of its environment, is there. */
export function has(...names: readonly string[]): boolean {
  return engines !== '' && existsSync(path.join(engines, ...names));
}

/** A program of an engine's environment. */
export function program(engine: string, name: string): string {
  return path.join(engines, engine, 'bin', name);
}
