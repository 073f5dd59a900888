import type { ts as TypeScript } from '@ts-morph/common';
import type { Script } from '../../bundle/format.ts';
import { withKeysFirst } from './computed-keys.ts';
import { globalsOf } from './global-object.ts';
import { modulesOf } from './named-modules.ts';
import { withFieldsAfterParameters } from './parameter-properties.ts';
import { hoistedNames } from './scope.ts';

type Compiler = typeof TypeScript;

/** What stands for `import` in the text that runs: whoever runs it knows where modules are looked for. */
const importName = '__cellwright_import';

/** So many translations are kept. */
const mostScripts = 4000;

/**
 * Translates cells into what their kernel would run: types go, imports become variables, `export` goes. The text runs as a script
 * in the engine's mode for prompts, so that what it declares stays, and the value of its last expression is its result.
 */
export class Translator {
  readonly #ts: Compiler;
  readonly #known = new Map<string, Script>();

  constructor(ts: Compiler) {
    this.#ts = ts;
  }

  /**
   * The translations of valid cells by their texts. Those that are new are translated together: most of what it takes to translate one has
   * nothing to do with it.
   * @param kernel the name of the notebook's kernel; Deno's own translation differs from TypeScript's
   */
  translate(sources: readonly string[], kernel: string): ReadonlyMap<string, Script> {
    const keyOf = (source: string): string => `${kernel}\n${source}`;
    const fresh = [...new Set(sources)].filter((source) => !this.#known.has(keyOf(source)));
    // No engine knows decorators and fields that are accessors yet, so the translation has to.
    const isDecorated = (source: string): boolean => /^\s*@[\w$]|\baccessor\s/m.test(source);
    const made = new Map([
      ...translateAll(this.#ts, fresh.filter(isDecorated), { kernel, target: this.#ts.ScriptTarget.ES2022 }),
      ...translateAll(
        this.#ts,
        fresh.filter((source) => !isDecorated(source)),
        { kernel, target: this.#ts.ScriptTarget.ESNext },
      ),
    ]);
    const found = new Map(
      sources.map((source) => [source, this.#known.get(keyOf(source)) ?? (made.get(source) as Script)] as const),
    );
    for (const [source, script] of found) {
      this.#known.delete(keyOf(source));
      this.#known.set(keyOf(source), script);
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= mostScripts) break;
      this.#known.delete(key);
    }
    return found;
  }
}

interface How {
  readonly kernel: string;
  readonly target: TypeScript.ScriptTarget;
}

function translateAll(ts: Compiler, sources: readonly string[], { kernel, target }: How): ReadonlyMap<string, Script> {
  if (sources.length === 0) return new Map();
  const nameOf = (place: number): string => `cell-${String(place)}.tsx`;
  const texts = new Map(sources.map((source, place) => [nameOf(place), source]));
  const written = new Map<string, string>();
  const host: TypeScript.CompilerHost = {
    getSourceFile: (name, how) => {
      const text = texts.get(name);
      return text === undefined ? undefined : ts.createSourceFile(name, text, how);
    },
    writeFile: (name, text) => void written.set(name, text),
    fileExists: (name) => texts.has(name),
    readFile: (name) => texts.get(name),
    getDefaultLibFileName: () => 'lib.d.ts',
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => '',
    getNewLine: () => '\n',
    useCaseSensitiveFileNames: () => true,
  };
  const program = ts.createProgram({ rootNames: [...texts.keys()], options: optionsFor(ts, target), host });
  const isDeno = /^deno/i.test(kernel);
  program.emit(undefined, undefined, undefined, false, {
    before: isDeno ? [(context) => (file) => withFieldsAfterParameters({ ts, context }, file)] : [],
    after: [
      (context) => (file) => {
        const script = asScript({ ts, context }, file);
        return isDeno ? withKeysFirst({ ts, context }, script) : script;
      },
    ],
  });
  return new Map(
    sources.map((source, place) => {
      const name = nameOf(place).replace(/tsx$/, 'js');
      const { mappings = '' } = JSON.parse(written.get(`${name}.map`) ?? '{}') as { readonly mappings?: string };
      const text = (written.get(name) ?? '').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '');
      const globals = globalsOf(ts, source);
      const modules = modulesOf(ts, source);
      const declares = declaredBy(ts, program.getSourceFile(nameOf(place)) as TypeScript.SourceFile);
      const also = { ...(globals.length > 0 && { globals }), ...(modules.length > 0 && { modules }) };
      return [source, { text, mappings, declares, ...also }] as const;
    }),
  );
}

/** Each cell by itself, without a library and without a look at types, as `transpileModule` does it. */
function optionsFor(ts: Compiler, target: TypeScript.ScriptTarget): TypeScript.CompilerOptions {
  return {
    target,
    module: ts.ModuleKind.ESNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    jsx: ts.JsxEmit.React,
    sourceMap: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    useDefineForClassFields: true,
    removeComments: false,
    noLib: true,
    noResolve: true,
    noCheck: true,
    types: [],
  };
}

interface Around {
  readonly ts: Compiler;
  readonly context: TypeScript.TransformationContext;
}

function asScript(around: Around, file: TypeScript.SourceFile): TypeScript.SourceFile {
  const { ts, context } = around;
  const visit = (node: TypeScript.Node): TypeScript.Node => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const given = node.arguments.map((one) => ts.visitNode(one, visit) as TypeScript.Expression);
      return context.factory.createCallExpression(context.factory.createIdentifier(importName), undefined, given);
    }
    return ts.visitEachChild(node, visit, context);
  };
  const statements = file.statements.flatMap((statement) => {
    const made = withoutModules(around, statement);
    return made.map((one) => ts.visitNode(one, visit) as TypeScript.Statement);
  });
  return context.factory.updateSourceFile(file, statements);
}

/** A statement without the words that only a module may have. */
function withoutModules(around: Around, statement: TypeScript.Statement): readonly TypeScript.Statement[] {
  const { ts, context } = around;
  const { factory } = context;
  if (ts.isImportDeclaration(statement)) return [asVariables(around, statement)];
  if (ts.isExportAssignment(statement)) return [factory.createExpressionStatement(statement.expression)];
  if (ts.isExportDeclaration(statement)) {
    if (statement.moduleSpecifier === undefined) return [];
    return [
      factory.createExpressionStatement(factory.createVoidExpression(awaited(around, statement.moduleSpecifier))),
    ];
  }
  if (ts.isVariableStatement(statement))
    return [factory.updateVariableStatement(statement, plain(around, statement.modifiers), statement.declarationList)];
  if (ts.isFunctionDeclaration(statement)) {
    const { asteriskToken, name, typeParameters, parameters, type, body } = statement;
    const kept = plain(around, statement.modifiers);
    return [
      factory.updateFunctionDeclaration(statement, kept, asteriskToken, name, typeParameters, parameters, type, body),
    ];
  }
  if (ts.isClassDeclaration(statement)) {
    const { name, typeParameters, heritageClauses, members } = statement;
    const kept = statement.modifiers?.filter((one) => !isOfModules(ts, one));
    return [factory.updateClassDeclaration(statement, kept, name, typeParameters, heritageClauses, members)];
  }
  return [statement];
}

function plain(
  { ts }: Around,
  modifiers: TypeScript.NodeArray<TypeScript.ModifierLike> | undefined,
): readonly TypeScript.Modifier[] | undefined {
  return modifiers?.filter((one): one is TypeScript.Modifier => ts.isModifier(one) && !isOfModules(ts, one));
}

function isOfModules(ts: Compiler, { kind }: TypeScript.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword;
}

function awaited({ context: { factory } }: Around, ...given: readonly TypeScript.Expression[]): TypeScript.Expression {
  return factory.createAwaitExpression(
    factory.createCallExpression(factory.createIdentifier(importName), undefined, given),
  );
}

/** `import a, { b as c } from 'x'` as `const { default: a, b: c } = await …('x')`. */
function asVariables(around: Around, statement: TypeScript.ImportDeclaration): TypeScript.Statement {
  const { ts, context } = around;
  const { factory } = context;
  const { importClause: clause, moduleSpecifier, attributes } = statement;
  const given = attributes === undefined ? [moduleSpecifier] : [moduleSpecifier, withAttributes(around, attributes)];
  const space = awaited(around, ...given);
  if (clause === undefined) return factory.createExpressionStatement(factory.createVoidExpression(space));
  const named = clause.namedBindings;
  const declare = (name: TypeScript.BindingName, value: TypeScript.Expression): TypeScript.VariableDeclaration =>
    factory.createVariableDeclaration(name, undefined, undefined, value);
  const declarations: TypeScript.VariableDeclaration[] = [];
  const elements: TypeScript.BindingElement[] = [];
  if (clause.name !== undefined) elements.push(factory.createBindingElement(undefined, 'default', clause.name));
  if (named !== undefined && ts.isNamespaceImport(named)) {
    declarations.push(declare(named.name, space));
    if (clause.name !== undefined) declarations.push(declare(factory.createObjectBindingPattern(elements), named.name));
  } else {
    for (const { propertyName, name } of named?.elements ?? [])
      elements.push(factory.createBindingElement(undefined, propertyName ?? undefined, name));
    declarations.push(declare(factory.createObjectBindingPattern(elements), space));
  }
  return factory.createVariableStatement(
    undefined,
    factory.createVariableDeclarationList(declarations, ts.NodeFlags.Const),
  );
}

function withAttributes(
  { context: { factory } }: Around,
  attributes: TypeScript.ImportAttributes,
): TypeScript.Expression {
  const inner = attributes.elements.map(({ name, value }) => factory.createPropertyAssignment(name, value));
  return factory.createObjectLiteralExpression([
    factory.createPropertyAssignment('with', factory.createObjectLiteralExpression(inner)),
  ]);
}

/** What a cell declares at its top, and how: whether a later cell may declare it otherwise is up to its kernel. */
function declaredBy(ts: Compiler, file: TypeScript.SourceFile): Script['declares'] {
  const found = new Map<string, Script['declares'][number]['how']>();
  const bind = (name: TypeScript.BindingName, how: 'const' | 'let' | 'var'): void => {
    if (ts.isIdentifier(name)) found.set(name.text, how);
    else for (const element of name.elements) if (!ts.isOmittedExpression(element)) bind(element.name, how);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      const { flags, declarations } = statement.declarationList;
      const how = (flags & ts.NodeFlags.Const) !== 0 ? 'const' : (flags & ts.NodeFlags.Let) !== 0 ? 'let' : 'var';
      for (const { name } of declarations) bind(name, how);
    } else if (ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement)) {
      const how = ts.isClassDeclaration(statement) ? 'let' : 'var';
      if (statement.name !== undefined) bind(statement.name, how);
    } else if (ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name)) bind(statement.name, 'var');
    else if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) bind(statement.name, 'var');
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings, phaseModifier } = statement.importClause ?? {};
      if (phaseModifier === ts.SyntaxKind.TypeKeyword) continue;
      if (name !== undefined) bind(name, 'const');
      if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) bind(namedBindings.name, 'const');
      else for (const one of namedBindings?.elements ?? []) bind(one.name, 'const');
    }
  }
  for (const name of hoistedNames({ ts } as Parameters<typeof hoistedNames>[0], file))
    if (!found.has(name)) found.set(name, 'var');
  return [...found].map(([name, how]) => ({ name, how }));
}
