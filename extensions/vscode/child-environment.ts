/** The environment of programs that the extension starts. */

/**
 * What the editor says to its own processes (its pid, its sockets) is no business of cells: a cell that looks at all variables would
 * run again with every window. Its terminals leave it out, too. In the desktop editor the program of the extension host is Electron,
 * which is told to be a plain Node.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:VSCODE|ELECTRON)_/.test(name));
  const asNode = process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };
  return { ...Object.fromEntries(kept), ...asNode };
}
