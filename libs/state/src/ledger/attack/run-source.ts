/** Arguments of node that make it run TypeScript sources (see typescript-loader.mjs). */
export function sourceArguments(): string[] {
  const loader = new URL('./typescript-loader.mjs', import.meta.url).href;
  return ['--no-warnings', '--import', `data:text/javascript,import { register } from 'node:module'; register('${loader}');`];
}
