import { files } from '@trivet/tool-sdk/guest';

type Content = string | { base64: string };

/** Keeps files, such as those that a script wrote, as files of the tenant: they outlast the workflow. */
export function run({ files: given }: { files: Record<string, Content> }): { files: { name: string; bytes: number }[] } {
  return { files: Object.entries(given).map(([name, content]) => files.write(name, content)) };
}
