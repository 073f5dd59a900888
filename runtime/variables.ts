/** Environment variables that the cells are started with. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Different in each window of a terminal: they count only for a cell that reads them by name. `variables.py` has the same list. */
export const ofTerminal: ReadonlySet<string> = new Set([
  '_',
  'OLDPWD',
  'PWD',
  'SHLVL',
  'SSH_CLIENT',
  'SSH_CONNECTION',
  'SSH_TTY',
  'TERM',
  'TERM_SESSION_ID',
  'WINDOWID',
  'XDG_SESSION_ID',
]);
