import { inflateSync } from 'node:zlib';

/** The points of a picture, so many bytes each: grey, grey and opacity, three colours, or three colours and opacity. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** How two pictures differ. */
export type PictureDifference =
  | { readonly kind: 'points'; readonly share: number }
  | { readonly kind: 'size'; readonly before: string; readonly now: string }
  /** Of a kind that is not read here. */
  | { readonly kind: 'unknown' };

/** Compares two PNG files, in base64, point by point. */
export function comparePictures(before: string, now: string): PictureDifference {
  const [old, fresh] = [before, now].map((text) => readPng(Buffer.from(text, 'base64')));
  if (old === undefined || fresh === undefined) return { kind: 'unknown' };
  if (old.width !== fresh.width || old.height !== fresh.height) {
    const shown = ({ width, height }: Picture): string => `${width} × ${height}`;
    return { kind: 'size', before: shown(old), now: shown(fresh) };
  }
  const isSameKind = old.channels === fresh.channels;
  const [left, right] = isSameKind ? [old.bytes, fresh.bytes] : [toPoints(old), toPoints(fresh)];
  const different = countDifferent(left, right, isSameKind ? old.channels : 4);
  return { kind: 'points', share: different / Math.max(1, old.width * old.height) };
}

function countDifferent(left: Uint8Array, right: Uint8Array, channels: number): number {
  let different = 0;
  for (let at = 0; at < left.length; at += channels) {
    for (let channel = at; channel < at + channels; channel++) {
      if (left[channel] === right[channel]) continue;
      different++;
      break;
    }
  }
  return different;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Larger ones are not compared: what a file announces must not fill the memory. */
const mostPoints = 50e6;

/** Pictures of eight bits a channel and without interlacing, as plotting libraries write them; undefined for others. */
function readPng(file: Buffer): Picture | undefined {
  if (!file.subarray(0, 8).equals(signature)) return undefined;
  const parts: Buffer[] = [];
  let head: Buffer | undefined;
  for (let at = 8; at + 12 <= file.length;) {
    const size = file.readUInt32BE(at);
    const kind = file.toString('latin1', at + 4, at + 8);
    const content = file.subarray(at + 8, at + 8 + size);
    if (kind === 'IHDR') head = content;
    if (kind === 'IDAT') parts.push(content);
    at += size + 12;
  }
  if (head === undefined || head.length < 13) return undefined;
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[head[9] ?? -1];
  if (head[8] !== 8 || channels === undefined || head[12] !== 0 || width * height > mostPoints) return undefined;
  const lines = inflate(Buffer.concat(parts), (width * channels + 1) * height);
  return lines === undefined ? undefined : { width, height, channels, bytes: unfilter(lines, width, channels) };
}

function inflate(content: Buffer, size: number): Buffer | undefined {
  try {
    const lines = inflateSync(content, { maxOutputLength: size + 1 });
    return lines.length === size ? lines : undefined;
  } catch (error) {
    // Damaged, or larger than it says.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Each line says how its bytes were told by their neighbours: left, above, left above. */
function unfilter(lines: Buffer, width: number, channels: number): Uint8Array {
  const stride = width * channels;
  const height = lines.length / (stride + 1);
  const bytes = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const from = row * (stride + 1) + 1;
    const filter = lines[from - 1] ?? 0;
    const start = row * stride;
    // Most lines of a plot are told by nothing, or are as the one above.
    if (filter === 0) {
      bytes.set(lines.subarray(from, from + stride), start);
      continue;
    }
    for (let column = 0; column < stride; column++) {
      const at = start + column;
      const left = column >= channels ? (bytes[at - channels] ?? 0) : 0;
      const above = row > 0 ? (bytes[at - stride] ?? 0) : 0;
      let told = left;
      if (filter === 2) told = above;
      else if (filter === 3) told = (left + above) >> 1;
      else if (filter === 4)
        told = paeth(left, above, row > 0 && column >= channels ? (bytes[at - stride - channels] ?? 0) : 0);
      bytes[at] = (lines[from + column] ?? 0) + told;
    }
  }
  return bytes;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [byLeft, byAbove, byCorner] = [left, above, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

/** Four bytes for each point: red, green, blue, opacity. */
function toPoints({ bytes, channels }: Picture): Uint8Array {
  if (channels === 4) return bytes;
  const points = new Uint8Array((bytes.length / channels) * 4);
  for (let at = 0, to = 0; at < bytes.length; at += channels, to += 4) {
    const isGrey = channels < 3;
    for (let channel = 0; channel < 3; channel++) points[to + channel] = bytes[at + (isGrey ? 0 : channel)] ?? 0;
    points[to + 3] = channels === 2 ? (bytes[at + 1] ?? 0) : 255;
  }
  return points;
}
