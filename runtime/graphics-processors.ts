import { readdirSync } from 'node:fs';
import { isFileError } from './store/local.ts';
import type { Variables } from './variables.ts';

/** How many graphics processors cells can see: what the drivers of NVIDIA and AMD have made, as far as the variables let it be seen. */
export function countGraphicsProcessors(variables: Variables): number {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? 1 : 0;
  const devices = entries('/dev');
  const nvidia = devices.filter((name) => /^nvidia\d+$/.test(name)).length;
  if (nvidia > 0) return Math.min(nvidia, visible(variables['CUDA_VISIBLE_DEVICES']));
  if (!devices.includes('kfd')) return 0;
  const amd = entries('/dev/dri').filter((name) => name.startsWith('renderD')).length;
  return Math.min(amd, visible(variables['HIP_VISIBLE_DEVICES']));
}

/** How many a list of devices lets through; the list ends at the first that is none. */
function visible(list: string | undefined): number {
  if (list === undefined) return Number.MAX_SAFE_INTEGER;
  const names = list.split(',').map((name) => name.trim());
  const end = names.findIndex((name) => name === '' || name.startsWith('-'));
  return end < 0 ? names.length : end;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
