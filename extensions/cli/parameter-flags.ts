import type { ParsedArguments } from './args.ts';
import { decodeText, readNamedFile } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import { readMapping, readValue, type ParameterValue, type ParameterValues } from './parameters.ts';

/** Reads the parameters of a command line: files first and single values last, whatever their order, as papermill does. */
export function readParameters(host: Host, parsed: ParsedArguments): Outcome<ParameterValues> {
  const order = ['parameters-base64', 'parameters-file', 'parameters-yaml', 'parameters', 'parameters-raw'];
  const values = new Map<string, ParameterValue>();
  for (const flag of order) {
    for (const use of parsed.uses.filter((candidate) => candidate.flag === flag)) {
      const [first = '', second = ''] = use.values;
      if (flag === 'parameters' || flag === 'parameters-raw') {
        values.set(first, flag === 'parameters' ? readValue(second) : second);
        continue;
      }
      const text = textOf(host, flag, first);
      if (!text.ok) return text;
      const origin = { 'parameters-file': first, 'parameters-yaml': 'The text after -y' }[flag] ?? 'The text after -b';
      const read = readMapping(text.value, origin);
      if (!read.ok) return { ok: false, result: usage(read.error.message, read.error.help) };
      for (const [key, value] of read.value) values.set(key, value);
    }
  }
  return { ok: true, value: values };
}

/** The YAML text that a flag gives. */
function textOf(host: Host, flag: string, given: string): Outcome<string> {
  if (flag === 'parameters-yaml') return { ok: true, value: given };
  if (flag === 'parameters-base64') {
    const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(given);
    const text = isBase64 ? decodeText(Buffer.from(given, 'base64')) : undefined;
    if (text !== undefined) return { ok: true, value: text };
    return {
      ok: false,
      result: usage('The text after -b is not YAML in base64.', 'Encode UTF-8 text, for instance with base64(1).'),
    };
  }
  const bytes = readNamedFile(host, given);
  if (!bytes.ok) return bytes;
  const text = decodeText(bytes.value);
  if (text !== undefined) return { ok: true, value: text };
  return { ok: false, result: usage(`${given} is not UTF-8 text.`, 'Save the file as UTF-8.') };
}
