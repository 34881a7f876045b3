/** The software bill of materials: CycloneDX 1.6 as JSON. The same lock file gives the same bytes: no time, no serial number, no name of a host. */

/** `packages` as `readPackages` gives them; `owner` is the root's package.json. */
export function toSbom(packages, owner) {
  const root = 'trivet';
  const asked = new Set(packages.flatMap(({ needs }) => needs));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'pre-build' }],
      component: { type: 'application', 'bom-ref': root, name: owner.name, version: owner.version, description: owner.description, licenses: licencesOf(owner.license) },
    },
    components: packages.map(toComponent),
    dependencies: [
      { ref: root, dependsOn: packages.map(({ path }) => path).filter((path) => !asked.has(path)) },
      ...packages.map(({ path, needs }) => ({ ref: path, dependsOn: needs })),
    ],
  };
}

/** A package that is installed in two places is two components, for they may need different others: its path tells them apart. */
function toComponent({ path, name, version, licence, integrity, use }) {
  const [group, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  return {
    type: 'library',
    'bom-ref': path,
    ...(group ? { group } : {}),
    name: bare,
    version,
    scope: use === 'runs' ? 'required' : 'excluded',
    ...(integrity ? { hashes: integrity.split(' ').map(toHash) } : {}),
    ...(licence ? { licenses: licencesOf(licence) } : {}),
    purl: `pkg:npm/${group ? `${encodeURIComponent(group)}/` : ''}${bare}@${version}`,
  };
}

const licencesOf = (licence) => (licence.includes(' ') ? [{ expression: licence }] : [{ license: { id: licence } }]);

/** 'sha512-<base64>' as CycloneDX writes it. */
function toHash(integrity) {
  const [algorithm, digest] = integrity.split('-');
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') };
}
