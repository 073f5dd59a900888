import { escapeHtml } from './ansi.ts';
import { plainTable } from './table.ts';

/**
 * Markdown of a notebook as HTML: headings, paragraphs, lists, tables, quotations and code. No HTML of it becomes HTML, no picture is
 * loaded, and formulas stay as they were written. All headings have one level, so that none is left out in the report.
 */
export function proseToHtml(source: string): string {
  return blocks(source.replaceAll('\r\n', '\n').replaceAll('\t', '    ').replaceAll('\u0000', '').split('\n'));
}

const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/;
const rule = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const quotation = /^ {0,3}> ?/;
const item = /^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$/;
const border = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?\|? *$/;

/** Deeper than anybody writes; what is deeper is text. */
const deepest = 16;

function blocks(lines: readonly string[], depth = 0): string {
  const parts: string[] = [];
  let at = 0;
  while (at < lines.length) {
    const [html, next] = oneBlock(lines, at, depth);
    parts.push(html);
    at = next;
  }
  return parts.join('');
}

type Block = readonly [html: string, next: number];

function oneBlock(lines: readonly string[], at: number, depth: number): Block {
  const line = lines[at] ?? '';
  if (line.trim() === '') return ['', at + 1];
  if (fence.test(line)) return code(lines, at);
  const title = heading.exec(line);
  if (title !== null) return [showHeading(title[1]?.length ?? 1, title[2] ?? ''), at + 1];
  if (rule.test(line)) return ['<hr>', at + 1];
  if (quotation.test(line) && depth < deepest) return quote(lines, at, depth);
  if (line.includes('|') && border.test(lines[at + 1] ?? '')) return table(lines, at);
  if (item.test(line) && depth < deepest) return list(lines, at, depth);
  return paragraph(lines, at);
}

function showHeading(level: number, text: string): string {
  return `<h3 class="level${Math.min(level, 4)}">${inline(text)}</h3>`;
}

function code(lines: readonly string[], from: number): Block {
  const mark = fence.exec(lines[from] ?? '')?.[1] ?? '```';
  let at = from + 1;
  while (at < lines.length && !(lines[at] ?? '').trimStart().startsWith(mark)) at++;
  const text = lines.slice(from + 1, at).join('\n');
  return [`<pre class="source"><code>${escapeHtml(text)}</code></pre>`, at + 1];
}

function quote(lines: readonly string[], from: number, depth: number): Block {
  let at = from;
  while (quotation.test(lines[at] ?? '')) at++;
  const inside = lines.slice(from, at).map((line) => line.replace(quotation, ''));
  return [`<blockquote>${blocks(inside, depth + 1)}</blockquote>`, at];
}

function table(lines: readonly string[], from: number): Block {
  let at = from + 2;
  while ((lines[at] ?? '').includes('|')) at++;
  const cellsOf = (line: string): readonly string[] =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
  const head = cellsOf(lines[from] ?? '');
  const rows = lines.slice(from + 2, at).map(
    (line) =>
      `<tr>${cellsOf(line)
        .map((cell) => `<td>${inline(cell)}</td>`)
        .join('')}</tr>`,
  );
  // Without a title a column has no header to be told by.
  const titles = head.map((text) => text.replaceAll(/[*_`]/g, ''));
  return [plainTable('Table', { head: titles, rows, isNarrow: true }), at];
}

function list(lines: readonly string[], from: number, depth: number): Block {
  const [, indent = '', mark = ''] = item.exec(lines[from] ?? '') ?? [];
  const isOrdered = /\d/.test(mark);
  const items: string[] = [];
  let at = from;
  for (;;) {
    const [, before = '', sign = '', gap = '', text = ''] = item.exec(lines[at] ?? '') ?? [];
    if (sign === '' || before.length !== indent.length || /\d/.test(sign) !== isOrdered) break;
    const width = before.length + sign.length + Math.max(1, gap.length > 4 ? 1 : gap.length);
    const next = endOfItem(lines, at + 1, { width, indent: indent.length });
    const inside = [text, ...lines.slice(at + 1, next).map((line) => line.slice(Math.min(width, leading(line))))];
    items.push(`<li>${tight(blocks(inside, depth + 1))}</li>`);
    at = next;
    while ((lines[at] ?? 'x').trim() === '' && item.test(lines[at + 1] ?? '')) at++;
  }
  const tag = isOrdered ? 'ol' : 'ul';
  const start = isOrdered && Number.parseInt(mark) !== 1 ? ` start="${Number.parseInt(mark)}"` : '';
  return [`<${tag}${start}>${items.join('')}</${tag}>`, at];
}

/** The line after an item: what is indented belongs to it, and so does text that goes on without an empty line. */
function endOfItem(
  lines: readonly string[],
  from: number,
  { width, indent }: { readonly width: number; readonly indent: number },
): number {
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const isEmpty = line.trim() === '';
    const before = lines[at - 1] ?? '';
    if (isEmpty) {
      const next = lines.slice(at).find((one) => one.trim() !== '');
      if (next === undefined || leading(next) < width) break;
    } else if (leading(line) < width) {
      const goesOn = before.trim() !== '' && !startsBlock(line) && !(item.test(line) && leading(line) <= indent);
      if (!goesOn && !(item.test(line) && leading(line) > indent)) break;
    }
  }
  return at;
}

function leading(line: string): number {
  return line.length - line.trimStart().length;
}

function startsBlock(line: string): boolean {
  return [fence, heading, rule, quotation, item].some((one) => one.test(line));
}

/** An item of one paragraph is shown without its distance. */
function tight(html: string): string {
  return html.replace(/^<p>([^]*?)<\/p>(?=$|<ul>|<ol)/, (whole, inside: string) =>
    inside.includes('<p>') ? whole : inside,
  );
}

function paragraph(lines: readonly string[], from: number): Block {
  let at = from + 1;
  while (
    at < lines.length &&
    (lines[at] ?? '').trim() !== '' &&
    !startsBlock(lines[at] ?? '') &&
    !/^ {0,3}=+ *$/.test(lines[at] ?? '')
  )
    at++;
  const text = lines.slice(from, at).join('\n');
  // A line of signs below makes it a heading; of dashes, only below a single line.
  const below = lines[at] ?? '';
  if (/^ {0,3}=+ *$/.test(below)) return [showHeading(1, text), at + 1];
  if (/^ {0,3}-{3,} *$/.test(below) && at === from + 1) return [showHeading(2, text), at + 1];
  return [`<p>${inline(text)}</p>`, at];
}

const opaque =
  /(?<ticks>`+)(?<code>[^]*?[^`])\k<ticks>(?!`)|(?<math>\$\$[^$]+\$\$|\$(?=\S)[^$\n]*[^$\s]\$(?!\d))|\\(?<sign>[!-/:-@[-`{-~])|(?<picture>!?)\[(?<label>[^\]]*)\]\(\s*<?(?<target>[^\s)>]*)>?(?:\s+["'][^"')]*["'])?\s*\)|<(?<auto>https?:\/\/[^>\s]+)>/g;

/** What is within a paragraph. */
function inline(text: string): string {
  const kept: string[] = [];
  const marked = text.replaceAll(opaque, (...match: readonly unknown[]) => {
    kept.push(showOpaque(match.at(-1) as Readonly<Record<string, string | undefined>>));
    return `\u0000${kept.length - 1}\u0000`;
  });
  return escapeHtml(marked)
    .replaceAll(/ {2,}\n|\\\n|&lt;br *\/?&gt;/g, '<br>')
    .replaceAll(
      /\*\*(?=\S)([^<]*?\S)\*\*|(?<!\w)__(?=\S)([^<]*?\S)__(?!\w)/g,
      (_, stars?: string, lines?: string) => `<strong>${stars ?? lines ?? ''}</strong>`,
    )
    .replaceAll(
      /(?<!\*)\*(?=[^\s*])([^*<]*?[^\s*])\*(?!\*)|(?<!\w)_(?=[^\s_])([^_<]*?[^\s_])_(?!\w)/g,
      (_, star?: string, line?: string) => `<em>${star ?? line ?? ''}</em>`,
    )
    .replaceAll(/~~(?=\S)([^<]*?\S)~~/g, '<del>$1</del>')
    .replaceAll(/\u0000(\d+)\u0000/g, (_, place: string) => kept[Number(place)] ?? '');
}

function showOpaque(found: Readonly<Record<string, string | undefined>>): string {
  const { code: literal, math, sign, picture, label, target = '', auto } = found;
  if (literal !== undefined) return `<code>${escapeHtml(literal.replaceAll('\n', ' '))}</code>`;
  if (math !== undefined) return `<code class="math">${escapeHtml(math)}</code>`;
  if (sign !== undefined) return escapeHtml(sign);
  if (auto !== undefined) return link(auto, escapeHtml(auto));
  if (picture === '!') return `<span class="note">[${escapeHtml(label === '' ? 'a picture' : (label ?? ''))}]</span>`;
  return link(target, inline(label ?? ''));
}

/** Only what opens a page; a link of any other kind is only its text. */
function link(target: string, html: string): string {
  if (!/^(?:https?:\/\/|mailto:)/i.test(target) || html.includes('<a ') || html.trim() === '') return html;
  return `<a href="${escapeHtml(target)}" rel="noreferrer">${html}</a>`;
}
