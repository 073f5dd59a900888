import { lowerCell, type Magic } from '../1-read/magics.ts';
import type { Cell } from '../1-read/notebook.ts';

/** A cell as plain Python, with what was left out of it, or why that cannot be. */
export interface PlainCell {
  readonly python: string;
  /** Lines of IPython that were left out, each with the reason. */
  readonly notes: readonly string[];
  /** Lines of IPython that plain Python has nothing for; lines are zero-based. */
  readonly refused: readonly { readonly line: number; readonly text: string }[];
}

const ofNotebooks = 'it sets up how a notebook shows things';
const installing = 'packages are installed with the package';

/** Line magics without which a function does the same. */
const leftOut: Readonly<Record<string, string>> = {
  matplotlib: ofNotebooks,
  config: ofNotebooks,
  load_ext: ofNotebooks,
  reload_ext: ofNotebooks,
  autoreload: ofNotebooks,
  aimport: ofNotebooks,
  precision: ofNotebooks,
  xmode: ofNotebooks,
  colors: ofNotebooks,
  pprint: ofNotebooks,
  automagic: ofNotebooks,
  pip: installing,
  conda: installing,
  mamba: installing,
};

/** Takes IPython's syntax out of a cell where that is exact, and says where it is not. */
export function plainCell({ source }: Pick<Cell, 'source'>): PlainCell {
  const { python, magics } = lowerCell(source);
  const notes: string[] = [];
  const refused: { line: number; text: string }[] = [];
  for (const magic of magics) {
    const why = reasonToLeaveOut(magic);
    if (why === undefined) refused.push({ line: magic.line, text: written(magic) });
    else notes.push(`${written(magic)} is left out: ${why}.`);
  }
  return { python, notes, refused };
}

function reasonToLeaveOut({ kind, name, text, assigns }: Magic): string | undefined {
  if (assigns.length > 0) return undefined;
  if (kind === 'help') return 'it shows help';
  if (kind === 'shell')
    return /^(?:python3? -m )?(?:pip3?|conda|mamba)\s+install\b/.test(text) ? installing : undefined;
  if (name === 'time') return 'what it times runs';
  return kind === 'line' && Object.hasOwn(leftOut, name) ? leftOut[name] : undefined;
}

/** The first line of a magic, as the cell has it. */
function written({ kind, name, text }: Magic): string {
  if (kind === 'help') return text;
  const mark = kind === 'shell' ? '!' : kind === 'cell' ? '%%' : '%';
  return `${mark}${name}${name === '' || text === '' ? '' : ' '}${text}`.split('\n', 1)[0]?.trimEnd() ?? '';
}
