import type { EngineParameter } from './target.ts';

/** The value as an engine that has only text shows it: text as it is, all else as JSON. */
export function textOf({ type, json }: EngineParameter): string {
  return type === 'str' ? (JSON.parse(json) as string) : json;
}

/** The word of the task command that gives a parameter a value. @param text the value as `textOf` writes it */
export function valueWord({ name, type }: EngineParameter, text: string): string {
  return `${type === 'str' ? '--set' : '--set-json'}=${name}=${text}`;
}
