type Rgb = readonly [number, number, number];

/** The paper of pages in both schemes where it is hardest to read on: that of tracebacks. */
const lightPaper: Rgb = [0xf6, 0xf7, 0xf9];
const darkPaper: Rgb = [0x17, 0x1c, 0x23];
/** A little more than WCAG asks of text, 4.5, since colours are rounded. */
const enough = 4.6;

/** A colour that a program chose for its own terminal, made darker for a light page and lighter for a dark one as far as need be. */
export function readableOn(hex: string): { readonly light: string; readonly dark: string } {
  const colour = parse(hex);
  return { light: towards(colour, [0, 0, 0], lightPaper), dark: towards(colour, [255, 255, 255], darkPaper) };
}

/** Black or white, which can be read on this colour. */
export function inkOn(hex: string): string {
  const paper = parse(hex);
  return contrast(paper, [0, 0, 0]) >= contrast(paper, [255, 255, 255]) ? '#000000' : '#ffffff';
}

function towards(colour: Rgb, end: Rgb, paper: Rgb): string {
  for (let step = 0; step < 20; step++) {
    const mixed = mix(colour, end, step / 20);
    if (contrast(mixed, paper) >= enough) return write(mixed);
  }
  return write(end);
}

function mix([r, g, b]: Rgb, [red, green, blue]: Rgb, share: number): Rgb {
  const part = (from: number, to: number): number => Math.round(from + (to - from) * share);
  return [part(r, red), part(g, green), part(b, blue)];
}

/** As WCAG defines it. */
function contrast(one: Rgb, other: Rgb): number {
  const [bright, dim] = [luminance(one), luminance(other)].sort((left, right) => right - left) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parse(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

function write(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
