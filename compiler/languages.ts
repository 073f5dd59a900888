import type { Notebook } from './1-read/notebook.ts';
import type { LanguageAnalyzer } from './2-analyze/effects.ts';
import { createPythonAnalyzer } from './2-analyze/python/analyzer.ts';
import { loadPythonParser, type PythonWasm } from './2-analyze/python/parse.ts';
import { createTypeScriptAnalyzer } from './2-analyze/typescript/analyzer.ts';
import { loadTypeScript, type TypeScriptSource } from './2-analyze/typescript/load.ts';
import { javascriptParameters } from './3-link/javascript-parameters.ts';
import { pythonParameters } from './3-link/parameters.ts';
import type { ParameterReader } from './3-link/tagged-parameters.ts';
import { moduleProject } from './4-emit/module-project.ts';
import type { ModuleOrder } from './4-emit/module-order.ts';
import { printModule as printPython } from './4-emit/python.ts';
import { printModule as printTypeScript } from './4-emit/typescript.ts';
import { javascriptKnowledge, pythonKnowledge, type Knowledge } from './knowledge/load.ts';

/** What is known of a language of notebooks before anything is loaded. */
interface LanguageFacts {
  /** What a notebook says that it is in, in small letters, at the beginning. */
  readonly name: string;
  /** Of the file of a task, without the dot. */
  readonly extension: string;
  readonly knowledge: Knowledge;
  /** How the cells tagged `parameters` write them. */
  readonly parameters: ParameterReader;
  /** A printer for the tasks of one notebook. */
  readonly printer: (notebook: Notebook) => (order: ModuleOrder) => string;
  /** How the cells become modules that run by themselves; absent where that is for the language's own interpreter to do. */
  readonly project?: typeof moduleProject;
}

/** Everything in which one language of notebooks is another than the next. No other file of the compiler asks which one it is. */
export interface Language extends LanguageFacts {
  readonly analyzer: LanguageAnalyzer;
}

const python: LanguageFacts = {
  name: 'python',
  extension: 'py',
  knowledge: pythonKnowledge,
  parameters: pythonParameters,
  printer: printPython,
};
const ofTypeScript = {
  knowledge: javascriptKnowledge,
  parameters: javascriptParameters,
  printer: () => printTypeScript,
  project: moduleProject,
};
const typescript: LanguageFacts = { name: 'typescript', extension: 'ts', ...ofTypeScript };
const javascript: LanguageFacts = { name: 'javascript', extension: 'js', ...ofTypeScript };

function isIn(notebook: Notebook): (language: LanguageFacts) => boolean {
  return ({ name }) => notebook.language.startsWith(name);
}

/** The language that a notebook says it is in; undefined when none at hand is that. */
export function languageOf(notebook: Notebook, languages: readonly Language[]): Language | undefined {
  return languages.find(isIn(notebook));
}

/** A printer for the tasks of a notebook; undefined for one that is in no language we know. */
export function printerOf(notebook: Notebook): ((order: ModuleOrder) => string) | undefined {
  return [python, typescript, javascript].find(isIn(notebook))?.printer(notebook);
}

/** How the cells of a notebook become modules that run by themselves; undefined where its interpreter makes a package of them. */
export function projectOf(notebook: Notebook): typeof moduleProject | undefined {
  return [python, typescript, javascript].find(isIn(notebook))?.project;
}

/** True when a notebook is in one of the languages of `loadTypeScriptLanguages`. */
export function needsTypeScript(notebook: Notebook): boolean {
  return [typescript, javascript].some(isIn(notebook));
}

/** Python, with its parser. */
export async function loadPythonLanguage(wasm: PythonWasm): Promise<Language> {
  return { ...python, analyzer: createPythonAnalyzer(await loadPythonParser(wasm)) };
}

/** TypeScript and JavaScript, with the compiler of the former. */
export async function loadTypeScriptLanguages(source?: TypeScriptSource): Promise<readonly Language[]> {
  const compiler = await loadTypeScript(source);
  const { builtinNames } = javascriptKnowledge;
  return [
    { ...typescript, analyzer: createTypeScriptAnalyzer(compiler, { dialect: 'typescript', builtinNames }) },
    { ...javascript, analyzer: createTypeScriptAnalyzer(compiler, { dialect: 'javascript', builtinNames }) },
  ];
}
