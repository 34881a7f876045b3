/** What to make of the answer of `npm audit --json`. */

/**
 * Advisories that are known and do no harm here: `{ advisory: 'GHSA-…', package, reason, expires: 'YYYY-MM-DD' }`. Each is looked at again
 * when it expires: from the day after, it counts as a finding. There are none.
 */
export const EXPLAINED = [];

/**
 * `{ findings, explained, unused }`: sentences for what must be mended, what is known, and which exceptions no advisory needs. `today` is
 * YYYY-MM-DD. Throws when `report` is not the answer of an audit (no network, a registry that keeps no advisories): not to know is not to be clean.
 */
export function judgeAudit(report, today, exceptions = EXPLAINED) {
  if (report.auditReportVersion !== 2) throw new Error(`npm audit gave no report: ${report.message || report.error?.summary || JSON.stringify(report).slice(0, 300)}`);
  const advisories = Object.values(report.vulnerabilities).flatMap(advisoriesOf);
  const exceptionFor = ({ id, name }) => exceptions.find((one) => one.advisory === id && one.package === name);
  const isOpen = (advisory) => {
    const exception = exceptionFor(advisory);
    return exception === undefined || exception.expires < today;
  };
  return {
    findings: advisories.filter(isOpen).map((advisory) => `${describeAdvisory(advisory)}${expiryOf(exceptionFor(advisory))}`),
    explained: advisories.filter((advisory) => !isOpen(advisory)).map((advisory) => `${describeAdvisory(advisory)}; until ${exceptionFor(advisory).expires}: ${exceptionFor(advisory).reason}`),
    unused: exceptions.filter((one) => !advisories.some((advisory) => exceptionFor(advisory) === one)).map(({ advisory, package: name }) => `${advisory} of ${name}`),
  };
}

/** A package is also named when only what it needs has an advisory (`via` is then a name): the advisory itself stands with the other. */
function advisoriesOf({ via, nodes, fixAvailable }) {
  return via.filter((one) => typeof one === 'object').map(({ url, name, title, severity, range }) => ({ id: url.slice(url.lastIndexOf('/') + 1), name, title, severity, range, nodes, fixAvailable }));
}

const describeAdvisory = ({ id, name, title, severity, range, nodes, fixAvailable }) => `${severity}: ${name} ${range} at ${nodes.join(', ')}: ${title} (${id})${fixAvailable ? '; a newer version mends it' : ''}`;

const expiryOf = (exception) => (exception ? `; its exception expired on ${exception.expires}` : '');
