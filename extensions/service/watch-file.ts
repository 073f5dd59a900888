import { readFileSync, statSync, watch } from 'node:fs';
import path from 'node:path';

/** Milliseconds after a change in which more may come: editors write in several steps. */
const settle = 120;
/** Milliseconds between two looks where the system tells of no change: network drives, containers. */
const look = 1500;

/** Calls back with the text of a file after every save; gives what ends that. */
export function watchFile(file: string, onSaved: (text: string) => void): () => void {
  let last = signatureOf(file);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = (): void => {
    const now = signatureOf(file);
    if (now === last || now === '') return;
    last = now;
    onSaved(readFileSync(file, 'utf8'));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(check, settle);
  };
  // The folder, since many editors put a new file in the place of the old one.
  const watcher = watch(path.dirname(file), (_, name) => {
    if (name === null || name === path.basename(file)) soon();
  });
  watcher.on('error', () => watcher.close());
  const interval = setInterval(check, look);
  return () => {
    clearTimeout(timer);
    clearInterval(interval);
    watcher.close();
  };
}

/** Empty while the file is not there. */
function signatureOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.size} ${found.mtimeMs} ${found.ino}`;
}
