/** A source file of src/ as the rules of the architecture see it: what it imports, and its syntax tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** As written: `../errors.js`, `express`, `node:fs`. */
  specifier: string;
  /** The imported file, relative to src and with `/`; undefined for a package. */
  file: string | undefined;
}

export interface Source {
  /** Relative to src, with `/`: `pool/pool.ts`. */
  path: string;
  imports: readonly Import[];
  tree: ts.SourceFile;
}

/** Every node of a tree, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node, void, undefined> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesOf(child);
}

/** Static and dynamic imports, re-exports and `import('…')` types alike: a type is an edge as well. */
function specifierIn(node: ts.Node): string | undefined {
  const written =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined;
  return written !== undefined && ts.isStringLiteralLike(written) ? written.text : undefined;
}

export function parseSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  for (const node of nodesOf(tree)) {
    const specifier = specifierIn(node);
    if (specifier === undefined) continue;
    const file = specifier.startsWith('.')
      ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
      : undefined;
    imports.push({ specifier, file });
  }
  return { path, imports, tree };
}

/** Every TypeScript file under a folder. */
export function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path.split(sep).join('/'), readFileSync(join(folder, path), 'utf8')));
}
