import { readFileSync, readlinkSync } from 'node:fs';
import { listFolder } from '../list-folder.ts';
import { isFileError } from '../store/local.ts';

const accessMode = 3;

/** Paths of the files that a process has open for writing; empty where the system does not tell. */
export function openForWriting(pid: number): readonly string[] {
  const folder = `/proc/${String(pid)}`;
  return listFolder(`${folder}/fd`).flatMap((number) => {
    try {
      const path = readlinkSync(`${folder}/fd/${number}`);
      if (!path.startsWith('/') || path.startsWith('/dev/')) return [];
      const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(readFileSync(`${folder}/fdinfo/${number}`, 'utf8')) ?? [];
      return (Number.parseInt(flags, 8) & accessMode) === 0 ? [] : [path];
    } catch (error) {
      // It was closed meanwhile.
      if (isFileError(error)) return [];
      throw error;
    }
  });
}
