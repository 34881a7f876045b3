/** One place of the built code, and what a test puts there instead. */
export interface Alteration {
  /** How the file's address ends, such as `/state/dist/workflow/commit.lua.js`. */
  file: string;
  find: string;
  put: string;
}

/**
 * The value of NODE_OPTIONS that makes a process load the built code with some places changed, as it loads it; the files
 * stay as they are, and the code knows nothing of it. A place that is no longer there ends the process with an error, so that a test
 * cannot pass because it changed nothing.
 */
export function nodeOptionsFor(alterations: readonly Alteration[]): string {
  const hooks = HOOKS.replace('<alterations>', JSON.stringify(JSON.stringify(alterations)));
  return `--import ${dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`)}`;
}

const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

/** Module hooks of node. */
const HOOKS = `
const alterations = JSON.parse(<alterations>);

export async function load(url, context, next) {
  const loaded = await next(url, context);
  const wanted = alterations.filter(({ file }) => url.endsWith(file));
  if (wanted.length === 0) return loaded;
  let source = String(loaded.source);
  for (const { file, find, put } of wanted) {
    if (!source.includes(find)) throw new Error(file + ' has no longer: ' + find);
    source = source.split(find).join(put);
  }
  return { ...loaded, source };
}
`;
