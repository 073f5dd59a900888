import type { Program } from '../../bundle/format.ts';
import type { ts, TypeScript } from './load.ts';

/** A piece of the text that is no JavaScript, and what stands there instead; the rest of it becomes spaces. */
interface Erased {
  readonly from: number;
  readonly to: number;
  readonly instead: string;
}

/**
 * A cell as JavaScript. Where types are all that is in the way, each becomes spaces, so that every character stands where it stood;
 * else TypeScript writes it anew, with a map. An import becomes what the kernels make of it: an \`await import()\` in its place.
 * Undefined when it is not valid.
 */
export function asJavaScript(typescript: TypeScript, file: ts.SourceFile): Program | undefined {
  const { ts } = typescript;
  const erased = erasedParts(ts, file);
  if (erased !== undefined) return { text: importsAsCalls(ts, ts.createSourceFile('/cell.jsx', blank(file.text, erased), ts.ScriptTarget.ESNext, true)) };
  const { outputText, sourceMapText } = ts.transpileModule(file.text, {
    fileName: '/cell.tsx',
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      jsx: ts.JsxEmit.React,
      sourceMap: true,
      verbatimModuleSyntax: true,
      useDefineForClassFields: true,
      removeComments: false,
    },
  });
  const text = outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '').replace(/^export \{\};?\s*$/gm, '');
  const script = ts.createSourceFile('/cell.jsx', text, ts.ScriptTarget.ESNext, true);
  return { text: importsAsCalls(ts, script), ...(sourceMapText !== undefined && { map: sourceMapText }) };
}

function blank(text: string, erased: readonly Erased[]): string {
  let out = '';
  let at = 0;
  for (const { from, to, instead } of [...erased].sort((one, other) => one.from - other.from)) {
    if (from < at) continue;
    const gone = text.slice(from, to);
    out += text.slice(at, from) + instead + gone.slice(instead.length).replace(/[^\r\n]/g, ' ');
    at = to;
  }
  return out + text.slice(at);
}

/** Everything that is there for types alone; undefined when types are not all that is not JavaScript. */
function erasedParts(ts: TypeScript['ts'], file: ts.SourceFile): readonly Erased[] | undefined {
  const found: Erased[] = [];
  let isErasable = true;
  const add = (from: number, to: number, instead = ''): void => {
    found.push({ from, to, instead });
  };
  const start = (node: ts.Node): number => node.getStart(file);
  const after = (at: number, sign: string): number => file.text.indexOf(sign, at) + sign.length;
  const brackets = (list: ts.NodeArray<ts.Node> | undefined): void => {
    if (list !== undefined) add(list.pos - 1, after(list.end, '>'));
  };
  const modifiers = (node: ts.Node): void => {
    if (!ts.canHaveModifiers(node)) return;
    for (const modifier of ts.getModifiers(node) ?? [])
      if (typeModifiers(ts).has(modifier.kind)) add(start(modifier), modifier.end);
  };
  const walk = (node: ts.Node): void => {
    if (needsWriting(ts, node)) {
      isErasable = false;
      return;
    }
    if (isTypeStatement(ts, node)) {
      add(start(node), node.end, ts.isStatement(node) || ts.isClassElement(node) ? ';' : '');
      return;
    }
    modifiers(node);
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) typeSpecifiers(node);
    if (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isPropertyDeclaration(node)) annotation(node);
    if (ts.isFunctionLike(node)) signature(node);
    if (ts.isClassLike(node)) classTypes(node);
    if ((ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node) || ts.isExpressionWithTypeArguments(node)) && node.typeArguments !== undefined)
      brackets(node.typeArguments);
    if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
      walk(node.expression);
      add(node.expression.end, node.end, endsStatement(node) ? ';' : '');
      return;
    }
    if (ts.isNonNullExpression(node)) add(node.end - 1, node.end);
    ts.forEachChild(node, (child) => {
      if (!ts.isTypeNode(child) || ts.isExpressionWithTypeArguments(child)) walk(child);
    });
  };
  /** Without a semicolon the next line might be read on from here. */
  const endsStatement = (node: ts.Node): boolean => {
    for (let at: ts.Node | undefined = node; at?.end === node.end; at = at.parent)
      if (ts.isStatement(at) || ts.isPropertyDeclaration(at)) return true;
    return false;
  };
  const annotation = (node: ts.VariableDeclaration | ts.ParameterDeclaration | ts.PropertyDeclaration): void => {
    const { name, type } = node;
    const mark = ('questionToken' in node ? node.questionToken : undefined) ?? ('exclamationToken' in node ? node.exclamationToken : undefined);
    const end = type?.end ?? mark?.end;
    if (end === undefined) return;
    if (ts.isParameter(node) && ts.isIdentifier(name) && name.text === 'this') {
      const comma = /^\s*,/.exec(file.text.slice(end))?.[0].length ?? 0;
      add(start(node), end + comma);
    } else add(name.end, end, ts.isPropertyDeclaration(node) && node.initializer === undefined ? ';' : '');
  };
  const signature = (node: ts.SignatureDeclaration): void => {
    brackets(node.typeParameters);
    if (node.type === undefined) return;
    if (ts.isArrowFunction(node) && /\n/.test(file.text.slice(node.type.pos, node.equalsGreaterThanToken.end))) isErasable = false;
    add(node.type.pos - 1, node.type.end);
  };
  const classTypes = (node: ts.ClassLikeDeclaration): void => {
    brackets(node.typeParameters);
    for (const clause of node.heritageClauses ?? [])
      if (clause.token === ts.SyntaxKind.ImplementsKeyword) add(start(clause), clause.end);
  };
  const typeSpecifiers = (node: ts.ImportDeclaration | ts.ExportDeclaration): void => {
    const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
    if (bindings === undefined || !('elements' in bindings)) return;
    for (const element of bindings.elements) {
      if (!element.isTypeOnly) continue;
      const comma = /^\s*,/.exec(file.text.slice(element.end))?.[0].length ?? 0;
      add(start(element), element.end + comma);
    }
  };
  ts.forEachChild(file, walk);
  return isErasable ? found : undefined;
}

function typeModifiers({ SyntaxKind }: TypeScript['ts']): ReadonlySet<ts.SyntaxKind> {
  return new Set([
    SyntaxKind.PublicKeyword,
    SyntaxKind.PrivateKeyword,
    SyntaxKind.ProtectedKeyword,
    SyntaxKind.ReadonlyKeyword,
    SyntaxKind.OverrideKeyword,
    SyntaxKind.AbstractKeyword,
    SyntaxKind.ExportKeyword,
    SyntaxKind.DefaultKeyword,
  ]);
}

/** True for what is more than types, and no JavaScript either. */
function needsWriting(ts: TypeScript['ts'], node: ts.Node): boolean {
  const { SyntaxKind } = ts;
  if (isTypeStatement(ts, node)) return false;
  if (ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node) || ts.isImportEqualsDeclaration(node)) return true;
  if (ts.isJsxElement(node) || ts.isJsxSelfClosingElement(node) || ts.isJsxFragment(node)) return true;
  if (ts.isDecorator(node) || ts.isTypeAssertionExpression(node) || ts.isExportAssignment(node)) return true;
  return (
    ts.isParameter(node) &&
    ts.isConstructorDeclaration(node.parent) &&
    ts.getModifiers(node)?.some(({ kind }) => kind !== SyntaxKind.OverrideKeyword) === true
  );
}

/** True for statements and members that are there for types alone. */
function isTypeStatement(ts: TypeScript['ts'], node: ts.Node): boolean {
  const { SyntaxKind } = ts;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isIndexSignatureDeclaration(node)) return true;
  if (ts.isImportDeclaration(node)) return node.importClause?.isTypeOnly === true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const has = (kind: ts.SyntaxKind): boolean =>
    ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) === true;
  if (has(SyntaxKind.DeclareKeyword)) return true;
  if (ts.isPropertyDeclaration(node)) return has(SyntaxKind.AbstractKeyword);
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node) || ts.isGetAccessor(node) || ts.isSetAccessor(node))
    return node.body === undefined;
  return false;
}

/** Static imports as calls, in their place. */
function importsAsCalls(ts: TypeScript['ts'], file: ts.SourceFile): string {
  let text = file.text;
  for (const statement of [...file.statements].reverse()) {
    if (!ts.isImportDeclaration(statement)) continue;
    const from = statement.getStart(file);
    const lines = text.slice(from, statement.end).split('\n').length - 1;
    text = `${text.slice(0, from)}${importAsCall(ts, statement, file)}${'\n'.repeat(lines)}${text.slice(statement.end)}`;
  }
  return text;
}

function importAsCall(ts: TypeScript['ts'], { importClause, moduleSpecifier, attributes }: ts.ImportDeclaration, file: ts.SourceFile): string {
  const options = attributes === undefined ? '' : `, { with: { ${attributes.elements.map((one) => one.getText(file)).join(', ')} } }`;
  const call = `await import(${moduleSpecifier.getText(file)}${options})`;
  if (importClause === undefined) return `${call};`;
  const { name, namedBindings } = importClause;
  const names = name === undefined ? [] : [`default: ${name.text}`];
  if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) {
    const whole = namedBindings.name.text;
    return name === undefined ? `const ${whole} = ${call};` : `const ${whole} = ${call}, { ${names.join(', ')} } = ${whole};`;
  }
  for (const element of namedBindings?.elements ?? []) {
    const own = element.name.text;
    names.push(element.propertyName === undefined ? own : `${element.propertyName.getText(file)}: ${own}`);
  }
  return `const { ${names.join(', ')} } = ${call};`;
}
