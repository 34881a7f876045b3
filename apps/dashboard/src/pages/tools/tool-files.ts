/** The files of an upload by the part they are sent as, and the name that the manifest gives. */
export interface ToolFiles {
  name?: string;
  manifest?: File;
  module?: File;
  cases?: File;
  signature?: File;
}

/** Sorts dropped files by what they are: tool.json, the module, cases.json, a signature. */
export async function partsOf(files: readonly File[]): Promise<ToolFiles> {
  const parts: ToolFiles = {};
  for (const file of files) {
    if (file.name.endsWith('.wasm')) parts.module = file;
    else if (file.name === 'cases.json') parts.cases = file;
    else if (file.name.endsWith('.json')) parts.manifest = file;
    else if (/\.sig(nature)?$/.test(file.name)) parts.signature = file;
  }
  if (parts.manifest) parts.name = await nameIn(parts.manifest);
  return parts;
}

/** The name a manifest gives; the file's own where it cannot be read (the server then says what is wrong with it). */
async function nameIn(manifest: File): Promise<string> {
  try {
    const { name }: { name?: unknown } = JSON.parse(await manifest.text());
    if (typeof name === 'string' && name) return name;
  } catch {
    // The server names the place where it is no JSON.
  }
  return manifest.name.replace(/\.json$/, '');
}
