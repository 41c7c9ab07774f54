/** The edges that must never exist between the rooms of src/, each as a rule that finds its breaches. */
import ts from 'typescript';
import { nodesOf, type Source } from './source.js';

export interface Rule {
  name: string;
  /** One line for each breach: the file, and what it does. */
  breaches: (sources: readonly Source[]) => string[];
}

/** Files that match `from` import no file that matches `to`. */
function forbidEdge(name: string, from: RegExp, to: RegExp): Rule {
  return {
    name,
    breaches: (sources) =>
      sources
        .filter(({ path }) => from.test(path))
        .flatMap(({ path, imports }) =>
          imports.flatMap(({ file }) =>
            file !== undefined && to.test(file) ? [`${path} imports ${file}`] : [],
          ),
        ),
  };
}

/** A package is imported nowhere but at home. */
function keepPackages(name: string, packages: RegExp, homes: RegExp): Rule {
  return {
    name,
    breaches: (sources) =>
      sources
        .filter(({ path }) => !homes.test(path))
        .flatMap(({ path, imports }) =>
          imports.flatMap(({ specifier }) =>
            packages.test(specifier) ? [`${path} imports ${specifier}`] : [],
          ),
        ),
  };
}

/** No node in a file outside `homes` is such a one; `find` answers with what to say of it. */
function forbidSyntax(name: string, homes: RegExp, find: (node: ts.Node) => string | undefined): Rule {
  return {
    name,
    breaches: (sources) =>
      sources
        .filter(({ path }) => !homes.test(path))
        .flatMap(({ path, tree }) =>
          [...nodesOf(tree)].flatMap((node) => {
            const found = find(node);
            if (found === undefined) return [];
            const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
            return [`${path}:${line + 1} ${found}`];
          }),
        ),
  };
}

/** `process.env` in any of its spellings: a property, an element, taken apart, imported. */
function usesOfProcess(member: string): (node: ts.Node) => string | undefined {
  const isProcess = (node: ts.Node | undefined): boolean =>
    node !== undefined &&
    ((ts.isIdentifier(node) && node.text === 'process') ||
      (ts.isPropertyAccessExpression(node) && node.getText() === 'globalThis.process'));
  const found = `uses process.${member}`;
  return (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      return isProcess(node.expression) && node.name.text === member ? found : undefined;
    }
    if (ts.isElementAccessExpression(node)) {
      const { argumentExpression: key } = node;
      return isProcess(node.expression) && ts.isStringLiteralLike(key) && key.text === member
        ? found
        : undefined;
    }
    if (ts.isBindingElement(node)) {
      const taken = (node.propertyName ?? node.name).getText();
      const declaration = node.parent.parent;
      return taken === member && ts.isVariableDeclaration(declaration) && isProcess(declaration.initializer)
        ? found
        : undefined;
    }
    if (ts.isImportSpecifier(node)) {
      const from = node.parent.parent.parent.moduleSpecifier;
      const isNodeProcess = ts.isStringLiteral(from) && /^(node:)?process$/.test(from.text);
      return isNodeProcess && (node.propertyName ?? node.name).text === member ? found : undefined;
    }
    return undefined;
  };
}

/** A binding that can change, an empty container (which is there to be filled), a static field that can change. */
function mutableState(node: ts.Node): string | undefined {
  if (ts.isPropertyDeclaration(node)) {
    const kinds = node.modifiers?.map(({ kind }) => kind) ?? [];
    const changes =
      kinds.includes(ts.SyntaxKind.StaticKeyword) && !kinds.includes(ts.SyntaxKind.ReadonlyKeyword);
    return changes ? `has the static field ${node.name.getText()}` : undefined;
  }
  if (!ts.isVariableStatement(node) || !ts.isSourceFile(node.parent)) return undefined;
  if ((node.declarationList.flags & ts.NodeFlags.Const) === 0) return 'has a variable of the module';
  const filled = node.declarationList.declarations.find(
    ({ initializer: value }) =>
      value !== undefined &&
      ((ts.isArrayLiteralExpression(value) && value.elements.length === 0) ||
        (ts.isObjectLiteralExpression(value) && value.properties.length === 0) ||
        (ts.isNewExpression(value) &&
          /^(Weak)?(Map|Set)$/.test(value.expression.getText()) &&
          (value.arguments?.length ?? 0) === 0)),
  );
  return filled && `fills ${filled.name.getText()}, which belongs to the module`;
}

/** Spelt as a provider spells it. Names that the neutral vocabulary shares (`session.created`) are not among them. */
const PROVIDER_EVENT =
  /^(conversation\.|(in|out)put_audio_buffer\.|rate_limits\.|transcription_session\.|session\.update$|response\.(created|done|text\.|audio|output_|content_part|function_call))/;
const PROVIDER_FIELD =
  /^(event_id|response_id|item_id|previous_item_id|output_index|content_index|(output_)?modalities|(in|out)put_audio(_format)?|turn_detection|item_reference|(in|out)put_text)$/;

function spells(names: RegExp): (node: ts.Node) => string | undefined {
  return (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isIdentifier(node) && !ts.isTemplateHead(node)) return undefined;
    return names.test(node.text) ? `spells ${node.text} as a provider does` : undefined;
  };
}

/** Compared with a dialect's name. Naming one (a default, a type, a key of a table) asks nothing. */
function asksForDialect(node: ts.Node): string | undefined {
  const isName = (each: ts.Node): boolean => ts.isStringLiteralLike(each) && /^(ga|preview)$/.test(each.text);
  const compared = ts.isBinaryExpression(node)
    ? /^[!=]==?$/.test(node.operatorToken.getText()) && (isName(node.left) || isName(node.right))
    : ts.isCaseClause(node) && isName(node.expression);
  return compared ? `asks for the dialect: ${node.getText().split('\n')[0] ?? ''}` : undefined;
}

/** Each cycle once, as `a.ts → b.ts → a.ts`. */
function findCycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.flatMap(({ file }) => (file === undefined ? [] : [file])),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  function visit(path: string, way: readonly string[]): void {
    const seen = way.indexOf(path);
    if (seen >= 0) {
      cycles.push([...way.slice(seen), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  }
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** The dialects' folders, which are each other's pair name by name. */
const DIALECTS = /^wire\/(ga|preview)\//;

/** One name, one thing: each name that more than one file exports, with those files. */
function findDoubledExports(sources: readonly Source[]): string[] {
  const files = new Map<string, string[]>();
  for (const { path, tree } of sources) {
    if (DIALECTS.test(path)) continue;
    for (const name of exportedNames(tree)) files.set(name, [...(files.get(name) ?? []), path]);
  }
  return [...files].flatMap(([name, paths]) =>
    paths.length > 1 ? [`${name} is exported by ${paths.join(' and ')}`] : [],
  );
}

/** What a file declares and exports; a re-export is the same thing once more. */
function exportedNames(tree: ts.SourceFile): string[] {
  return tree.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return [];
    const isExported = ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText(tree));
    const isNamed =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement);
    return isNamed && statement.name !== undefined ? [statement.name.text] : [];
  });
}

const DRAWERS = /(^|\/)(utils?|helpers?|commons?|misc)(\.ts|\/)/;

export const RULES: readonly Rule[] = [
  forbidEdge('wire/ imports nothing of ours', /^wire\//, /^(?!wire\/)/),
  forbidEdge('of wire/ only its index is imported from outside', /^(?!wire\/)/, /^wire\/(?!index\.ts$)/),
  forbidEdge(
    'upstream/ knows no pool, session, audio or http',
    /^upstream\//,
    /^(pool|session|audio|http)\//,
  ),
  forbidEdge('pool/ knows no session, audio or http', /^pool\//, /^(session|audio|http)\//),
  forbidEdge(
    'session/ knows no pool, upstream, http or audio',
    /^session\//,
    /^(pool|upstream|http|audio)\//,
  ),
  forbidEdge(
    'audio/ knows nothing of ours but errors and the semaphore',
    /^audio\//,
    /^(?!audio\/|errors\.ts$|semaphore\.ts$)/,
  ),
  forbidEdge(
    'subtitles/ knows nothing of ours but segments of speech',
    /^subtitles\//,
    /^(?!subtitles\/|audio\/speech\/segment\.ts$)/,
  ),
  forbidEdge('jobs/ knows no http, relay or gateway', /^jobs\//, /^(http|relay|gateway)\b/),
  keepPackages('BullMQ stays in the queue of several nodes', /^bullmq$/, /^jobs\/shared-queue\.ts$/),
  forbidEdge('recordings/ knows no http or relay', /^recordings\//, /^(http|relay)\//),
  forbidEdge(
    'http/ knows no pool, upstream, wire, store or ffmpeg',
    /^http\//,
    /^(pool|upstream|wire)\/|^session\/.*store|^audio\/ffmpeg\//,
  ),
  forbidEdge('telemetry/ imports nothing of ours', /^telemetry\//, /^(?!telemetry\/)/),
  forbidEdge(
    'providers/ knows nothing of ours but wire and the readers of variables',
    /^providers\//,
    /^(?!providers\/|config\/readers\.ts$|wire\/)/,
  ),
  forbidEdge('only the gateway knows offline/', /^(?!offline\/|gateway\.ts$|gateway\/)/, /^offline\//),
  forbidEdge('only main knows the gateway', /^(?!main\.ts$)/, /^gateway\.ts$/),
  forbidEdge('gateway/ is known to the gateway alone', /^(?!gateway(\.ts$|\/))/, /^gateway\//),
  forbidEdge('nobody imports main', /./, /^main\.ts$/),
  forbidEdge('client/ imports nothing of the service', /^client\//, /^(?!client\/)/),
  forbidEdge('cli/ knows the client by its index alone', /^cli\//, /^(?!cli\/|client\/index\.ts$)/),
  forbidEdge(
    'the service knows neither its client nor the command',
    /^(?!client\/|cli\/)/,
    /^(client|cli)\//,
  ),
  keepPackages('client/ needs no package and no Node', /^(?!\.)/, /^(?!client\/)/),
  keepPackages('cli/ needs Node alone', /^(?!\.|node:)/, /^(?!cli\/)/),
  keepPackages(
    'express and multer stay in http/ and the gateway',
    /^(express|multer)$/,
    /^(http\/|gateway\.ts$)/,
  ),
  keepPackages('the ws package stays in its three places', /^ws$/, /^(ws|relay|offline)\//),
  keepPackages(
    'ffmpeg packages stay in audio/ffmpeg',
    /^(fluent-ffmpeg|ffmpeg-static)$/,
    /^audio\/ffmpeg\/ffmpeg\.ts$/,
  ),
  keepPackages('prom-client stays in metrics', /^prom-client$/, /^telemetry\/metrics\.ts$/),
  keepPackages('OpenTelemetry stays in tracing', /^@opentelemetry\//, /^telemetry\/tracing\.ts$/),
  keepPackages(
    "the Redis client stays in its connection and the limiter's store",
    /^(redis|@redis\/.*|ioredis)$/,
    /^(redis|session\/redis-store|quota\/limiter)\.ts$/,
  ),
  forbidSyntax(
    'only config and the command read process.env',
    /^(config\/config|cli\/main)\.ts$/,
    usesOfProcess('env'),
  ),
  forbidSyntax('only main exits', /^main\.ts$/, usesOfProcess('exit')),
  { name: 'no import goes in a circle', breaches: findCycles },
  { name: 'no name is exported twice', breaches: findDoubledExports },
  forbidSyntax('no module has state that changes', /^$/, mutableState),
  {
    name: 'no file is a drawer',
    breaches: (sources) => sources.flatMap(({ path }) => (DRAWERS.test(path) ? [`${path} is a drawer`] : [])),
  },
  forbidSyntax('no event bears its provider name above wire/', /^wire\//, spells(PROVIDER_EVENT)),
  // A server's errors name the field at fault, so the offline one has to.
  forbidSyntax('no field bears its provider name above wire/', /^(wire|offline)\//, spells(PROVIDER_FIELD)),
  forbidSyntax('above wire/ nobody asks which dialect it is', /^wire\//, asksForDialect),
];
