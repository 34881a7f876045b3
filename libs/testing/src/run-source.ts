import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Arguments of node that make a child process or worker thread of a test run TypeScript sources, without a build. */
export function sourceArguments(): string[] {
  const swc = pathToFileURL(createRequire(import.meta.url).resolve('@swc/core')).href;
  const hooks = dataUrl(HOOKS.replace('<swc>', swc));
  return ['--no-warnings', '--import', dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(hooks)});`)];
}

const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

/** Module hooks of node: `./x.js` means x.ts where that exists, our packages are taken from their sources, swc transpiles. */
const HOOKS = `
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import swc from '<swc>';

export async function resolve(specifier, context, nextResolve) {
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    const source = new URL(specifier.replace(/\\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(source))) return { url: source.href, shortCircuit: true };
  }
  return nextResolve(specifier, { ...context, conditions: ['@trivet/source', ...context.conditions] });
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const { code } = await swc.transform(await readFile(filename, 'utf8'), {
    filename,
    module: { type: 'es6' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
`;
