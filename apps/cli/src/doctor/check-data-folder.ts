import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Examination, Finding } from './examine.js';

/** The data folder, or the nearest folder above it that exists, must take a new folder; one is made there and removed. */
export async function checkDataFolder({ config }: Pick<Examination, 'config'>): Promise<Finding[]> {
  const folder = resolve(config.dataDir);
  try {
    rmdirSync(mkdtempSync(join(nearestExisting(folder), '.trivet-doctor-')));
    return [{ found: `Data folder ${folder}` }];
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return [{ what: `TRIVET_DATA_DIR=${config.dataDir} cannot be used: nothing can be written in ${nearestExisting(folder)} (${reason}).`, mend: 'choose a folder that can be written, such as TRIVET_DATA_DIR=.trivet' }];
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}
