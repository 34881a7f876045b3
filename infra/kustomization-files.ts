import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** A resource as it stands in a file. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: never;
  data?: Record<string, string>;
}

interface Kustomization {
  resources?: string[];
  components?: string[];
  configMapGenerator?: { name: string; files?: string[] }[];
  secretGenerator?: { name: string; literals?: string[] }[];
}

/** What a folder with a kustomization.yaml puts together: every resource, and the names of what it generates. */
export interface Assembly {
  resources: Resource[];
  configMaps: string[];
  /** By name, their keys. */
  secrets: Record<string, string[]>;
}

/** @throws when a file that is named is not there, or is no resource */
export function assemble(folder: string): Assembly {
  const given: Kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
  const parts = [...(given.resources ?? []), ...(given.components ?? [])].map((name) => join(folder, name)).map((path) => (statSync(path).isDirectory() ? assemble(path) : { resources: readResources(path), configMaps: [], secrets: {} }));
  for (const file of (given.configMapGenerator ?? []).flatMap(({ files }) => files ?? [])) if (!existsSync(join(folder, file))) throw new Error(`${folder}/kustomization.yaml names ${file}, which is not there.`);
  const resources = parts.flatMap((part) => part.resources);
  return {
    resources,
    configMaps: [...parts.flatMap((part) => part.configMaps), ...(given.configMapGenerator ?? []).map(({ name }) => name), ...resources.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name)],
    secrets: Object.assign({}, ...parts.map((part) => part.secrets), ...(given.secretGenerator ?? []).map(({ name, literals = [] }) => ({ [name]: literals.map((literal) => literal.split('=')[0]) }))),
  };
}

function readResources(path: string): Resource[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    const resource: Resource = document.toJS();
    if (!resource?.kind || !resource.metadata?.name) throw new Error(`${path} holds a document without a kind or a name.`);
    return resource;
  });
}
