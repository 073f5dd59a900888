import { pythonText } from './python-text.ts';
import type { EngineParameter, EngineSettings } from './target.ts';
import { variantNames } from './variant-names.ts';

/** The value of a parameter in Python, where `json` is imported. */
export function pythonValue({ type, python }: EngineParameter): string {
  return type === 'json' ? `json.loads(${python})` : python;
}

/** `VARIANTS` of a file of Python: the parameters of each variant, by its name. */
export function variantTable(settings: EngineSettings, comment: string): string {
  const names = variantNames(settings);
  const rows = settings.variants.map(({ values }, place) => {
    const members = values.map((one) => `${pythonText(one.name)}: ${pythonValue(one)}`);
    return `    ${pythonText(names[place] ?? '')}: {${members.join(', ')}},\n`;
  });
  return `# ${comment}\nVARIANTS = {\n${rows.join('')}}\n`;
}
