import { basename } from 'node:path';
import type { Tool } from '@trivet/contracts';
import { Option } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT, UsageError, exitCodeOfWorkflow } from '../exit-codes.js';
import { formatFields, type Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Registry } from '../program.js';
import { buildFolder, checkFolder, readFolder, writeNewTool } from './tool-folder.js';

/** tools ls, get, versions, new, build, test, add, try, enable, disable, rm. */
export function registerTools({ program, action }: Registry): void {
  const tools = program.command('tools').description('tools and what they may do');
  tools.command('ls').description('list the tools').action(action(async ({ client, print }) => {
    print.list((await client.tools()).items, TOOL_COLUMNS);
    return EXIT.ok;
  }));
  tools.command('get').argument('<name>').description('one tool: schemas, grants, limits').action(action((context, [name = '']) => get(context, name)));
  tools.command('versions').argument('<name>').description('the versions that were uploaded, newest first').action(action(async ({ client, print }, [name = '']) => {
    print.list((await client.toolVersions(name)).items, VERSION_COLUMNS);
    return EXIT.ok;
  }));
  tools.command('new').argument('<folder>', 'whose last part is the name of the tool').description('a folder with a tool to begin with')
    .addOption(new Option('--language <language>', 'ts: TypeScript in an interpreter; as: AssemblyScript').choices(['ts', 'as']).default('ts'))
    .action(action((context, [folder = ''], options) => begin(context, folder, options['language'] === 'as' ? 'as' : 'ts')));
  tools.command('build').argument('[folder]', 'with tool.json and tool.ts, tool.as.ts, tool.py, or a tool.wasm of another toolchain', '.').description('make the module').action(action((context, [folder = '.']) => build(context, folder)));
  tools.command('test').argument('[folder]', 'the tool', '.').description('build it and run its cases in the sandbox of this machine').action(action((context, [folder = '.']) => test(context, folder)));
  tools.command('add').argument('[folder]', 'the tool', '.').description('build it and upload it; usable at once').option('--reason <text>', 'kept in the audit').option('--key <file>', 'sign it with this Ed25519 private key (PEM)')
    .action(action((context, [folder = '.'], options) => add(context, folder, typeof options['key'] === 'string' ? options['key'] : undefined)));
  tools.command('try').argument('<name>', 'or name@version').argument('<input>', 'as JSON').description('call it once, in a workflow of one step').action(action((context, [name = '', input = '']) => tryTool(context, name, input)));
  for (const verb of ['enable', 'disable'] as const) {
    tools.command(verb).argument('<name>').option('--reason <text>', 'kept in the audit').description(verb === 'enable' ? 'run its calls again' : 'run no call of it until it is enabled').action(action(async (context, [name = '']) => {
      const tool = await (verb === 'enable' ? context.client.enableTool(name) : context.client.disableTool(name));
      context.print.one(tool, `${tool.name} ${tool.version} is ${verb}d`);
      return EXIT.ok;
    }));
  }
  tools.command('rm').argument('<name>').option('--reason <text>', 'kept in the audit').description('remove it; workflows that are pinned to a version go on').action(action(async (context, [name = '']) => {
    await context.client.removeTool(name);
    context.note(`${name} is removed`);
    return EXIT.ok;
  }));
}

const reaches = (tool: Tool): string => Object.entries(tool.grants ?? {}).filter(([, granted]) => granted !== false).map(([name]) => name).join(', ') || 'nothing';

const TOOL_COLUMNS: readonly Column<Tool>[] = [
  { title: 'tool', value: (tool) => tool.name },
  { title: 'version', value: (tool) => tool.version },
  { title: 'from', value: (tool) => (tool.bundled ? 'bundled' : tool.disabled ? 'uploaded, disabled' : 'uploaded') },
  { title: 'time', value: (tool) => `${tool.limits.timeoutMs} ms`, align: 'right' },
  { title: 'memory', value: (tool) => `${tool.limits.memoryMib} MiB`, align: 'right' },
  { title: 'may reach', value: reaches },
  { title: 'description', value: (tool) => shorten(tool.description, 60) },
];

const VERSION_COLUMNS: readonly Column<Tool>[] = [
  { title: 'version', value: (tool) => tool.version },
  { title: 'uploaded', value: (tool) => tool.uploadedAt ?? 'with the executor' },
  { title: 'sha256', value: (tool) => tool.digest },
];

async function get({ client, print }: CliContext, name: string): Promise<number> {
  const tool = await client.tool(name);
  const fields = formatFields([
    ['tool', tool.name], ['version', tool.version], ['sha256', tool.digest], ['state', tool.disabled ? 'disabled' : 'enabled'], ['description', tool.description], ['may reach', reaches(tool)],
    ['limits', `${tool.limits.timeoutMs} ms, ${tool.limits.memoryMib} MiB, ${tool.limits.outputKib} KiB of output, ${tool.limits.hostCalls} host calls`],
    ['input', JSON.stringify(tool.input)], ['output', JSON.stringify(tool.output)],
  ]);
  print.one(tool, fields);
  return EXIT.ok;
}

async function begin({ print }: CliContext, folder: string, language: 'ts' | 'as'): Promise<number> {
  const files = await writeNewTool(folder, language);
  print.one({ folder, files }, [`made ${files.join(', ')}`, '', `next: npx trivet tools test ${folder}`, `then: npx trivet tools add ${folder} && npx trivet tools try ${basename(folder)} '{"text":"hello"}'`].join('\n'));
  return EXIT.ok;
}

async function build({ print }: CliContext, folder: string): Promise<number> {
  const built = await buildFolder(folder);
  print.one(built, `${built.file}: ${Math.ceil(built.bytes / 1024)} KiB, sha256 ${built.digest}, ${built.built ? `built in ${Math.round(built.elapsedMs)} ms` : 'as it was'}`);
  return EXIT.ok;
}

async function test(context: CliContext, folder: string): Promise<number> {
  const { name } = await buildFolder(folder);
  const { findings, cases } = await checkFolder(folder);
  for (const { pointer, detail } of findings) context.print.text(`refused  ${pointer} ${detail}`);
  for (const each of cases) context.print.text(each.mistake === null ? `passed   ${each.case} (${each.elapsedMs} ms)` : `failed   ${each.case}: ${each.mistake}`);
  const failed = cases.filter(({ mistake }) => mistake !== null).length;
  context.print.one({ name, findings, cases }, `${name}: ${cases.length - failed} passed, ${failed} failed${findings.length > 0 ? `, ${findings.length} reasons to refuse it` : ''}`);
  return failed + findings.length === 0 ? EXIT.ok : EXIT.failed;
}

async function add(context: CliContext, folder: string, keyFile: string | undefined): Promise<number> {
  await buildFolder(folder);
  const { name, upload } = await readFolder(folder, keyFile);
  const tool = await context.client.uploadTool(name, upload);
  context.print.one(tool, `${tool.name} ${tool.version} is there, sha256 ${tool.digest}`);
  return EXIT.ok;
}

async function tryTool(context: CliContext, reference: string, text: string): Promise<number> {
  const { workflowId } = await context.client.submit({ goal: `Try the tool ${reference}`, plan: { steps: [{ id: 'try', kind: 'tool', tool: reference, input: parseInput(text) }] } });
  const workflow = await context.client.wait(workflowId);
  const [step] = (await context.client.steps(workflowId)).items;
  const measured = step?.calls.at(-1)?.sandbox;
  if (measured) context.note(`${measured.wallMs} ms, ${measured.cpuMs} ms of CPU, ${measured.peakMemoryMib} MiB, ${measured.hostCalls} host calls; workflow ${workflowId}`);
  if (workflow.failure) context.note(`${workflow.failure.code}: ${workflow.failure.message}`);
  else context.print.one(step?.output ?? null, JSON.stringify(step?.output ?? null, null, 2));
  return exitCodeOfWorkflow(workflow);
}

function parseInput(text: string): never {
  try {
    // The server checks it against the tool's schema.
    return JSON.parse(text) as never;
  } catch (error) {
    throw new UsageError(`the input must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
