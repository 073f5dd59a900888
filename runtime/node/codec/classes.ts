/** What the text of a class says of what happens when it is read again. */

const name = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const head = new RegExp(
  String.raw`^class(?:\s+(?!extends\b)${name})?\s*(?:\{|extends\s+(${name}(?:\.${name})*)\s*\{)`,
  'u',
);
const parent = new RegExp(
  String.raw`^(class(?:\s+(?!extends\b)${name})?\s*extends\s+)(?!null\b)${name}(?:\.${name})*(?=\s*\{)`,
  'u',
);
/** A method, a field without a value, or one whose value is written down. */
const plainStatic = new RegExp(
  String.raw`^static\s+(?:(?:async\s+|get\s+|set\s+)?\*?\s*${name}\s*\(|${name}\s*(?:;|=\s*[\s\d._+\-*/[\],{}]+;))`,
  'u',
);

/** Why a class cannot be made again from its text: reading it again does something, or it has what no text gives. Undefined when it can. */
export function whyNoClass(source: string): string | undefined {
  if (!head.test(source)) return 'a class that extends what an expression gives';
  if (/\bstatic\s*\{/.test(source)) return 'a class with a static block';
  if (/\bstatic\s+#/.test(source)) return 'a class with private static fields';
  const plain = source.replaceAll(
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\b(?:true|false|null|undefined)\b|\b0x[\da-f]+|\de[+-]?\d/gi,
    '0',
  );
  for (const { index } of plain.matchAll(/\bstatic\b/g))
    if (!plainStatic.test(plain.slice(index))) return 'a class whose static fields are computed';
  const computed = /^\s*(?:static\s+)?(?:async\s+|get\s+|set\s+)?\*?\s*\[(?!Symbol\.[a-z]+\])/im;
  return computed.test(source) ? 'a class whose keys are computed' : undefined;
}

/** The text of a class that extends nothing of the notebook yet: by now another thing may have the name of what it extends. */
export function withFreeParent(source: string): string {
  return source.replace(parent, '$1(class {})');
}
