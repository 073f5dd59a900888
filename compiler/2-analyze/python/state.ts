import type { StateName, OutsideReason } from '../../bundle/format.ts';
import type { OutsideUse, StateUse } from '../effects.ts';
import type { Findings } from './visit.ts';

/** Calls that change hidden state, by their dotted path as notebooks write it; a prefix ends with a dot. */
const stateWriters: readonly (readonly [RegExp, StateName])[] = [
  [/^random\./, 'random'],
  [/^(np|numpy)\.random\.(?!default_rng|Generator|RandomState|SeedSequence)/, 'numpy.random'],
  [/^torch\.(manual_seed|rand|randn|randint|randperm)/, 'torch.random'],
  [/^(os\.chdir|os\.fchdir)$/, 'cwd'],
  [/^os\.(putenv|unsetenv|environ\.\w+)$/, 'environ'],
  [/^sys\.path\./, 'sys.path'],
  [
    /^(plt|mpl|matplotlib|matplotlib\.pyplot)\.(rc|rcdefaults|style\.use|use|ion|ioff|xkcd|rcParams\.update)$/,
    'matplotlib',
  ],
  [/^(sns|seaborn)\.(set|set_theme|set_style|set_context|set_palette|reset_defaults|set_color_codes)$/, 'matplotlib'],
  [/^(pd|pandas)\.(set_option|reset_option)$/, 'pandas.options'],
  [/^(np|numpy)\.(set_printoptions|seterr|seterrcall)$/, 'numpy.options'],
  [/^warnings\.(filterwarnings|simplefilter|resetwarnings)$/, 'warnings'],
  [/^(decimal\.)?(setcontext|getcontext)$/, 'decimal'],
  [/^locale\.setlocale$/, 'locale'],
  [/^logging\.(basicConfig|disable|config\.\w+)$/, 'logging'],
];

const outsiders: readonly (readonly [RegExp, OutsideReason])[] = [
  [/^(subprocess\.\w+|os\.(system|popen|spawn\w*|exec\w*|fork))$/, 'subprocess'],
  [/^(requests|urllib\.request|httpx)\./, 'network'],
  [
    /\.(to_csv|to_excel|to_parquet|to_pickle|to_json|to_feather|to_hdf|to_sql|savefig|imsave|write_text|write_bytes|write_csv|write_parquet|save_model|to_file|tofile)$/,
    'file-write',
  ],
  [/^(np|numpy)\.(save|savez|savez_compressed|savetxt)$/, 'file-write'],
  [/^(joblib|pickle|json|yaml|torch)\.(dump|save)$/, 'file-write'],
  [/^os\.(remove|unlink|rename|replace|mkdir|makedirs|rmdir|removedirs)$/, 'file-write'],
  [/^shutil\./, 'file-write'],
];

const assignedState: Readonly<Record<string, StateName>> = {
  'os.environ': 'environ',
  'plt.rcParams': 'matplotlib',
  'mpl.rcParams': 'matplotlib',
  'matplotlib.rcParams': 'matplotlib',
  'sys.path': 'sys.path',
  'pd.options': 'pandas.options',
};

const history = /^(_{1,3}|_\d+|_i{1,3}|_i\d+|Out|In|_oh|_ih)$/;

/** Hidden state and the outside, as far as the text shows them. */
export function findState(findings: Findings): { readonly state: StateUse[]; readonly outside: OutsideUse[] } {
  const state: StateUse[] = [];
  const outside: OutsideUse[] = [];
  for (const { callee, range } of findings.calls) {
    for (const [pattern, name] of stateWriters) {
      if (pattern.test(callee)) state.push({ state: name, access: 'write', range, reason: `${callee}()` });
    }
    for (const [pattern, reason] of outsiders) {
      if (pattern.test(callee)) outside.push({ outside: reason, range, reason: `${callee}()` });
    }
  }
  for (const use of findings.mutates) {
    for (const [path, name] of Object.entries(assignedState)) {
      if (use.reason.startsWith(path))
        state.push({ state: name, access: 'write', range: use.range, reason: use.reason });
    }
  }
  for (const use of findings.reads) {
    if (history.test(use.name))
      state.push({ state: 'output-history', access: 'read', range: use.range, reason: use.name });
  }
  return { state, outside };
}
