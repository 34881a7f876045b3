import { spawn } from 'node:child_process';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ToolUpload } from '@trivet/client';
import { isIdentifier, signedToolText, type ToolFinding } from '@trivet/contracts';
import type { BuiltTool } from '@trivet/tool-sdk';
import { UsageError } from '../exit-codes.js';

const CHECK_TOOL = fileURLToPath(new URL('../../../executor/dist/check-tool.js', import.meta.url));

const tsSource = (name: string): string => `import { log } from '@trivet/tool-sdk/guest';

/** What ${name} does with its input. Inside there is no network, no file and no clock but what tool.json grants. */
export function run({ text }: { text: string }): { shouted: string; length: number } {
  log('shouting', { length: text.length });
  return { shouted: text.toUpperCase(), length: [...text].length };
}
`;

const AS_SOURCE = `import { fail, inputText, jsonString, jsonText, outputText } from "trivet";

export function run(): i32 {
  const text = jsonString(inputText(), "text");
  if (text === null) return fail("The input has no text.");
  let length = 0;
  for (let i = 0; i < text!.length; i++, length++) if (text!.codePointAt(i) > 0xffff) i++;
  outputText('{"shouted":' + jsonText(text!.toUpperCase()) + ',"length":' + length.toString() + "}");
  return 0;
}
`;

const CASES = [
  { name: 'a word', input: { text: 'hello' }, output: { shouted: 'HELLO', length: 5 } },
  { name: 'all of Unicode', input: { text: 'ß 你好 🌍' }, contains: { length: 6 } },
];

function manifestOf(name: string, language: 'ts' | 'as'): object {
  return {
    name,
    version: '1.0.0',
    description: 'Shouts a text.',
    input: { type: 'object', properties: { text: { type: 'string', maxLength: 10_000 } }, required: ['text'], additionalProperties: false },
    output: { type: 'object', properties: { shouted: { type: 'string' }, length: { type: 'integer' } }, required: ['shouted', 'length'], additionalProperties: false },
    limits: { timeoutMs: 2000, memoryMib: language === 'ts' ? 32 : 16, outputKib: 64, hostCalls: 0 },
    idempotent: true,
  };
}

/** Makes the folder of a new tool, which is called like the folder. @returns its files */
export async function writeNewTool(folder: string, language: 'ts' | 'as'): Promise<string[]> {
  const name = basename(folder);
  if (!isIdentifier(name)) throw new UsageError(`'${name}' is no name of a tool: letters, digits, _ and -, at most 64`);
  const files = { 'tool.json': `${JSON.stringify(manifestOf(name, language), null, 2)}\n`, [language === 'ts' ? 'tool.ts' : 'tool.as.ts']: language === 'ts' ? tsSource(name) : AS_SOURCE, 'cases.json': `${JSON.stringify(CASES, null, 2)}\n` };
  await mkdir(folder).catch((error: unknown) => {
    throw new UsageError(`the folder ${folder} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  return Object.keys(files).map((file) => join(folder, file));
}

export async function buildFolder(folder: string): Promise<BuiltTool> {
  const { buildTool } = await import('@trivet/tool-sdk');
  return buildTool(resolve(folder));
}

export interface CheckedCase {
  case: string;
  mistake: string | null;
  elapsedMs: number;
}

/** Admits a tool that was built and runs its cases, in a process of the executor's code. */
export async function checkFolder(folder: string): Promise<{ findings: ToolFinding[]; cases: CheckedCase[] }> {
  const child = spawn(process.execPath, ['--no-warnings', CHECK_TOOL, resolve(folder)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString('utf8')));
  const findings: ToolFinding[] = [];
  const cases: CheckedCase[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const document: { finding: ToolFinding } | CheckedCase = JSON.parse(line);
    if ('finding' in document) findings.push(document.finding);
    else cases.push(document);
  }
  if ((await ended) !== 0) findings.push({ pointer: '/module', detail: reasonIn(complaints.join('')) });
  return { findings, cases };
}

/** The line of an uncaught error that says what is wrong. */
const reasonIn = (stderr: string): string => /^(?:FailureError|Error): (.+)$/m.exec(stderr)?.[1] ?? stderr.trim().slice(-500);

/** A tool that was built, as it is uploaded; signed when there is a key. */
export async function readFolder(folder: string, keyFile: string | undefined): Promise<{ name: string; upload: ToolUpload }> {
  const manifest = await readFile(join(folder, 'tool.json'), 'utf8');
  const { name }: { name: string } = JSON.parse(manifest);
  const module = new Uint8Array(await readFile(join(folder, 'dist', `${name}.wasm`)));
  const cases = await readFile(join(folder, 'cases.json'), 'utf8').catch(() => undefined);
  const signature = keyFile === undefined ? undefined : await signed(keyFile, manifest, module);
  return { name, upload: { manifest, module, cases, signature } };
}

async function signed(keyFile: string, manifest: string, module: Uint8Array): Promise<string> {
  const key = createPrivateKey(await readFile(keyFile, 'utf8').catch(() => {
    throw new UsageError(`the key ${keyFile} cannot be read`);
  }));
  if (key.asymmetricKeyType !== 'ed25519') throw new UsageError(`the key ${keyFile} is ${key.asymmetricKeyType}, and must be ed25519: openssl genpkey -algorithm ed25519 -out key.pem`);
  const digest = createHash('sha256').update(module).digest('hex');
  return sign(null, Buffer.from(signedToolText(digest, JSON.parse(manifest))), key).toString('base64');
}
