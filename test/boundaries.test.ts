/** The walls between the rooms and the house rules that no other tool checks; each failure names the file and the line. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';
import { describe, expect, test } from 'vitest';

import { root } from './environment.ts';

interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Path from the root when relative, else undefined. */
  readonly target?: string;
}

interface Source {
  /** Path from the root, with slashes. */
  readonly file: string;
  readonly tree: ts.SourceFile;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const rooms = ['compiler', 'runtime', 'extensions'];
const phases = ['1-read', '2-analyze', '3-link', '4-emit'];
const vagueName = /^(?:utils?|helpers?|misc|common|managers?)(?:\.|$)|-(?:utils?|helpers?|manager)(?:\.|$)/;

function filesBelow(folder: string, keep: (name: string) => boolean): readonly string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && keep(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal : undefined;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

function importsOf(file: string, tree: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const relative = text.startsWith('.');
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), text));
    found.push({ line: lineOf(tree, node), specifier: text, ...(relative ? { target } : {}) });
  });
  return found;
}

function readSource(file: string): Source {
  const text = readFileSync(path.join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  return { file, tree, lines: text.split('\n').length - 1, imports: importsOf(file, tree) };
}

const sources = rooms.flatMap((room) => filesBelow(room, (name) => /\.tsx?$/.test(name))).map(readSource);

/** Every import for which `allowed` says no, as `file:line imports what`. */
function forbidden(within: string, allowed: (imported: Import, source: Source) => boolean): readonly string[] {
  return sources
    .filter(({ file }) => file.startsWith(within))
    .flatMap((source) =>
      source.imports
        .filter((imported) => !allowed(imported, source))
        .map(({ line, specifier }) => `${source.file}:${String(line)} imports ${specifier}`),
    );
}

const isPackage = ({ specifier, target }: Import): boolean => target === undefined && !specifier.startsWith('node:');

test('there is something to check', () => {
  expect(sources.length).toBeGreaterThan(0);
});

describe('imports', () => {
  test('compiler/bundle imports nothing outside itself', () => {
    expect(forbidden('compiler/bundle/', ({ target }) => target?.startsWith('compiler/bundle/') === true)).toEqual([]);
  });

  test('compiler imports only compiler and packages, and nothing of Node', () => {
    const allowed = (imported: Import): boolean =>
      imported.target?.startsWith('compiler/') === true || isPackage(imported);
    expect(forbidden('compiler/', allowed)).toEqual([]);
  });

  test('a phase of the compiler imports no later phase', () => {
    const phaseOf = (file: string): number => phases.findIndex((phase) => file.startsWith(`compiler/${phase}/`));
    const allowed = ({ target }: Import, { file }: Source): boolean =>
      target === undefined || phaseOf(file) === -1 || phaseOf(target) <= phaseOf(file);
    expect(forbidden('compiler/', allowed)).toEqual([]);
  });

  test('the knowledge of libraries is data: it imports no phase and no package', () => {
    const allowed = ({ target }: Import): boolean =>
      target?.startsWith('compiler/knowledge/') === true || target?.startsWith('compiler/bundle/') === true;
    expect(sources.some(({ file }) => file === 'compiler/knowledge/load.ts')).toBe(true);
    expect(forbidden('compiler/knowledge/', allowed)).toEqual([]);
  });

  test('only compile.ts, index.ts and languages.ts join the phases', () => {
    const allowed = ({ target }: Import, { file }: Source): boolean =>
      !phases.some((phase) => target?.startsWith(`compiler/${phase}/`)) ||
      phases.some((phase) => file.startsWith(`compiler/${phase}/`)) ||
      ['compiler/compile.ts', 'compiler/index.ts', 'compiler/languages.ts'].includes(file);
    expect(forbidden('compiler/', allowed)).toEqual([]);
  });

  test('runtime imports only itself, compiler/bundle and Node', () => {
    const allowed = ({ specifier, target }: Import): boolean =>
      target === undefined
        ? specifier.startsWith('node:')
        : target.startsWith('runtime/') || target.startsWith('compiler/bundle/');
    expect(forbidden('runtime/', allowed)).toEqual([]);
  });

  test('an extension sees only the public doors', () => {
    const doors = [
      'compiler/index.ts',
      'runtime/index.ts',
      'extensions/service/index.ts',
      'extensions/service/protocol.ts',
    ];
    const allowed = ({ target }: Import, { file }: Source): boolean => {
      if (target === undefined || doors.includes(target) || target.startsWith('compiler/bundle/')) return true;
      const own = file.split('/').slice(0, 2).join('/');
      return target.startsWith(`${own}/`) || target.startsWith('extensions/ui/');
    };
    expect(forbidden('extensions/', allowed)).toEqual([]);
  });

  test('the view runs in a page: nothing of Node, of the runtime only types, of the service only its protocol', () => {
    const allowed = ({ specifier, target }: Import, { file }: Source): boolean => {
      if (target === undefined) return specifier === '@dagrejs/dagre';
      if (target === 'compiler/index.ts') return file === 'extensions/ui/compile-worker.ts';
      return (
        ['extensions/ui/', 'compiler/bundle/'].some((room) => target.startsWith(room)) ||
        target === 'extensions/service/protocol.ts'
      );
    };
    expect(sources.some(({ file }) => file === 'extensions/ui/panel.ts')).toBe(true);
    expect(forbidden('extensions/ui/', allowed)).toEqual([]);
  });

  test('the service has no logic of its own: the runtime by its door, types of the bundle, and Node', () => {
    const allowed = ({ specifier, target }: Import): boolean =>
      target === undefined
        ? specifier.startsWith('node:')
        : ['extensions/service/', 'compiler/bundle/'].some((room) => target.startsWith(room)) ||
          target === 'runtime/index.ts';
    expect(forbidden('extensions/service/', allowed)).toEqual([]);
  });

  test('relative imports name the .ts file', () => {
    const allowed = ({ target }: Import): boolean => target === undefined || /\.(?:tsx?|json)$/.test(target);
    expect(forbidden('', allowed)).toEqual([]);
  });
});

describe('house rules', () => {
  test('no file is longer than 500 lines', () => {
    const python = filesBelow('runtime', (name) => name.endsWith('.py')).map((file) => ({
      file,
      lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1,
    }));
    expect([...sources, ...python].filter(({ lines }) => lines > 500).map(({ file }) => file)).toEqual([]);
  });

  test('a helper lives beside its first user: no folder or file has a name that says nothing', () => {
    const names = [...rooms, 'test'].flatMap((room) => filesBelow(room, (name) => /\.(?:tsx?|py)$/.test(name)));
    expect(names.filter((file) => file.split('/').some((part) => vagueName.test(part)))).toEqual([]);
  });

  test('exports are named, and nothing is of type any', () => {
    const found: string[] = [];
    for (const { file, tree } of sources) {
      walk(tree, (node) => {
        const at = `${file}:${String(lineOf(tree, node))}`;
        if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${at} any`);
        if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword)
          found.push(`${at} default export`);
      });
    }
    expect(found).toEqual([]);
  });

  test('only the registries ask which language a notebook is in', () => {
    const registries = ['compiler/languages.ts', 'runtime/languages/'];
    const asks =
      /(?<!typeof )\blanguage(?:\.name)?\s*[!=]==?\s*['"]|\blanguage(?:\.name)?\.startsWith\(\s*['"]|case '(?:python|typescript|javascript)':/;
    const found = sources.filter(
      ({ file, tree }) => !registries.some((place) => file.startsWith(place)) && asks.test(tree.text),
    );
    expect(found.map(({ file }) => file)).toEqual([]);
  });

  test('no suppression of the type checker', () => {
    const found = sources.filter(({ tree }) => /@ts-(?:ignore|nocheck|expect-error)/.test(tree.text));
    expect(found.map(({ file }) => file)).toEqual([]);
  });
});
