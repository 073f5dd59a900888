import type { ts, TypeScript } from './load.ts';

/**
 * What the checker says and is no news of the notebook: modules that are not looked into here, what comes of joining cells as modules, what
 * only a configuration would settle, and that something may be undefined.
 */
const withoutNews: ReadonlySet<number> = new Set([
  // Modules and their types.
  2307, 2792, 7016, 2591, 2580, 2347, 2306, 2497, 2691, 2877, 5097, 1259, 1192, 2305, 2614, 2732, 2882,
  // Assignment to what another cell declares; what is exported is only used as a type.
  2632, 2539, 2540, 1205, 1371, 2484, 2323, 2300,
  // JSX, import.meta and await need settings.
  2686, 2874, 2875, 7026, 2602, 17004, 1343, 1323, 1375, 1378, 2669,
  // Something may be null, undefined or unknown; a variable is used before it is sure to be assigned.
  18046, 18047, 18048, 18049, 2531, 2532, 2533, 2454, 2564,
  // The end of a function may be reached.
  2366,
]);

/** That something has no type written beside it, or that code is never reached. */
function isStyle(code: number): boolean {
  return code >= 7000 && code < 8000;
}

/** True for what a reader of the notebook should know. */
export function isTelling(compiler: TypeScript['ts'], { code, category }: ts.Diagnostic): boolean {
  return category === compiler.DiagnosticCategory.Error && !withoutNews.has(code) && !isStyle(code);
}

/** The name that the checker does not know, or that the global object has not, when that is what it says. */
export function nameInProblem(compiler: TypeScript['ts'], { messageText }: ts.Diagnostic): string | undefined {
  const text = compiler.flattenDiagnosticMessageText(messageText, ' ');
  const [, name, member] =
    /^(?:Cannot find name '([^']+)'|Property '([^']+)' does not exist on type '(?:typeof globalThis|Window)')/.exec(
      text,
    ) ?? [];
  return name ?? member;
}
