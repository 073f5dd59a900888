/** How a line of comment begins, in each language of notebooks. */
export type CommentMark = '#' | '//';

const byLanguage: ReadonlyMap<string, CommentMark> = new Map([
  ['typescript', '//'],
  ['javascript', '//'],
]);

/** @param language as a notebook or a bundle names it; undefined when nothing is known of it */
export function commentMark(language: string | undefined): CommentMark {
  return byLanguage.get(language?.toLowerCase() ?? '') ?? '#';
}

/** The line of a directive; one that is `true` has no value. */
export function directiveText(mark: CommentMark, name: string, value: string): string {
  return value === 'true' ? `${mark}| ${name}` : `${mark}| ${name}: ${value}`;
}
