import { inkOn, readableOn } from './readable-colour.ts';

/** Terminal colours as HTML: tracebacks and progress bars are written for terminals. */

/** Text that is safe inside an element or a double-quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

interface Look {
  bold: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  /** A class for the 16 named colours, else a value. */
  ink: string | undefined;
  paper: string | undefined;
}

const plain: Look = { bold: false, italic: false, underline: false, inverse: false, ink: undefined, paper: undefined };

// CSI sequences, OSC sequences, and two-character escapes.

const escapes = /\u001B(?:\[([0-9;:]*)([@-~])|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\^_])/g;

/** The text with colours as spans; every other escape sequence is left out, and all else is escaped. */
export function ansiToHtml(text: string): string {
  let html = '';
  let look = plain;
  let from = 0;
  for (const match of text.matchAll(escapes)) {
    html += span(text.slice(from, match.index), look);
    from = match.index + match[0].length;
    if (match[2] === 'm') look = applyCodes(look, match[1] ?? '');
  }
  return html + span(text.slice(from), look);
}

function span(text: string, look: Look): string {
  if (text === '') return '';
  const safe = escapeHtml(text);
  const classes: string[] = [];
  const styles: string[] = [];
  if (look.bold) classes.push('b');
  if (look.italic) classes.push('i');
  if (look.underline) classes.push('u');
  // Whoever chose two colours chose them for a terminal of his own: here the ink is one that can be read on that paper.
  if (look.inverse) classes.push('inv');
  else if (look.paper?.startsWith('#') === true) styles.push(`background:${look.paper}`, `color:${inkOn(look.paper)}`);
  else if (look.paper !== undefined) classes.push(`k${look.paper}`);
  else if (look.ink?.startsWith('#') === true) {
    const { light, dark } = readableOn(look.ink);
    classes.push('c');
    styles.push(`--l:${light}`, `--d:${dark}`);
  } else if (look.ink !== undefined) classes.push(`f${look.ink}`);
  if (classes.length === 0 && styles.length === 0) return safe;
  const name = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  const style = styles.length === 0 ? '' : ` style="${styles.join(';')}"`;
  return `<span${name}${style}>${safe}</span>`;
}

function applyCodes(look: Look, words: string): Look {
  const codes = words.split(/[;:]/).map((word) => Number(word === '' ? 0 : word));
  let next = { ...look };
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = readColour(codes.slice(place + 1));
      if (code === 38) next.ink = colour;
      else next.paper = colour;
      place += used;
    } else next = applyCode(next, code);
  }
  return next;
}

function applyCode(look: Look, code: number): Look {
  if (code === 0) return plain;
  if (code === 1) return { ...look, bold: true };
  if (code === 3) return { ...look, italic: true };
  if (code === 4) return { ...look, underline: true };
  if (code === 7) return { ...look, inverse: true };
  if (code === 22) return { ...look, bold: false };
  if (code === 23) return { ...look, italic: false };
  if (code === 24) return { ...look, underline: false };
  if (code === 27) return { ...look, inverse: false };
  if (code >= 30 && code <= 37) return { ...look, ink: String(code - 30) };
  if (code >= 90 && code <= 97) return { ...look, ink: String(code - 82) };
  if (code === 39) return { ...look, ink: undefined };
  if (code >= 40 && code <= 47) return { ...look, paper: String(code - 40) };
  if (code >= 100 && code <= 107) return { ...look, paper: String(code - 92) };
  if (code === 49) return { ...look, paper: undefined };
  return look;
}

/** The colour after `38` or `48`: one of 256, or red, green and blue. */
function readColour(codes: readonly number[]): { readonly colour: string | undefined; readonly used: number } {
  const [kind, first = 0, second = 0, third = 0] = codes;
  if (kind === 2) return { colour: toHex(first, second, third), used: 4 };
  if (kind !== 5) return { colour: undefined, used: 1 };
  if (first < 16) return { colour: String(first), used: 2 };
  if (first >= 232) {
    const grey = 8 + (first - 232) * 10;
    return { colour: toHex(grey, grey, grey), used: 2 };
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step);
  const cube = first - 16;
  return { colour: toHex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), used: 2 };
}

function toHex(red: number, green: number, blue: number): string {
  const byte = (value: number): string => Math.min(255, Math.max(0, value)).toString(16).padStart(2, '0');
  return `#${byte(red)}${byte(green)}${byte(blue)}`;
}
