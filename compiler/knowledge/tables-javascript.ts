/** Written from the YAML files of the folder `javascript` by `npm run docs`; change those. */
import type { Tables } from './entry.ts';

/** What the libraries do, as their tables say. */
export const javascriptTables: Tables = {
  modules: {
  },
  values: {
  },
  aliases: {
  },
  types: {
  },
  magics: {
  },
  builtinNames: "",
  automagics: "",
  nothing: "undefined",
};
