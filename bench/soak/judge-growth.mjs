import { median } from '../measure.mjs';

/** The first part of the time, in which caches fill and code is compiled, says nothing. */
const WARM_UP_SHARE = 1 / 3;
/** Fewer samples after the warm-up than these make no series. */
const LEAST_SAMPLES = 8;
/** So many samples before and after a step say how high it is. */
const AROUND_STEP = 5;
/** A step is one when it is so many times what its samples scatter. */
const STEP_NOISES = 4;
/** By chance a slope is hardly ever further from the true one than so many of its standard errors. */
const SURE = 3.5;
const MS_AN_HOUR = 3_600_000;

/**
 * Whether a series grows. Its slope is the median of those between any two samples (Theil and Sen), so that single values do not matter. The
 * first third is left out, or `warmUpMs` if that is more. Where there is a step, only samples on the same side of the highest one are compared: memory that is
 * grown once is no leak, and a leak by steps has more than one. The bar is `leastPerHour`, or `leastShare` of the mean an hour, or what a flat series
 * of the same noise might show by chance, whichever is the most: so a short run has a high one.
 *
 * @param samples `{ atMs, value }` in their order
 * @returns null where they are too few; otherwise `perHour` and `barPerHour` in the unit of the values an hour, `noise` as the standard deviation from the line, `fromMs` when the warm-up ended
 */
export function judgeGrowth(samples, { leastPerHour = 0, leastShare = 0, warmUpMs = 0 }) {
  const judged = afterWarmUp(samples, warmUpMs);
  if (judged.length < LEAST_SAMPLES) return null;
  const parts = splitAtStep(judged);
  const slope = median(parts.flatMap(slopesIn));
  const residuals = parts.map((part) => residualsOf(part, slope));
  const noise = Math.sqrt(meanOf(residuals.flat().map((value) => value ** 2)));
  const perHour = slope * MS_AN_HOUR;
  const mean = meanOf(valuesOf(judged));
  const barPerHour = Math.max(leastPerHour, leastShare * mean, SURE * slopeError(parts, residuals, noise) * MS_AN_HOUR);
  return { perHour, barPerHour, noise, mean, fromMs: judged[0].atMs, grows: perHour > barPerHour };
}

function afterWarmUp(samples, warmUpMs) {
  const [first, last] = [samples.at(0)?.atMs ?? 0, samples.at(-1)?.atMs ?? 0];
  return samples.filter(({ atMs }) => atMs - first >= Math.max((last - first) * WARM_UP_SHARE, warmUpMs));
}

/** What lies before the highest step upward, and what lies after it; all in one where it has none. */
function splitAtStep(samples) {
  const differences = samples.slice(1).map(({ value }, index) => value - samples[index].value);
  const middle = median(differences);
  // From one sample to the next, so that neither a slope nor a step counts as noise; 1.4826 makes a standard deviation of it.
  const scatter = (1.4826 * median(differences.map((each) => Math.abs(each - middle)))) / Math.SQRT2;
  const medianIn = (from, to) => median(valuesOf(samples.slice(Math.max(0, from), to)));
  const heights = differences.map((_, index) => medianIn(index + 1, index + 1 + AROUND_STEP) - medianIn(index + 1 - AROUND_STEP, index + 1));
  const highest = Math.max(...heights);
  if (highest <= STEP_NOISES * scatter) return [samples];
  // Medians see it from some samples away: it is at the largest difference near there.
  const near = differences.map((each, index) => (Math.abs(index - heights.indexOf(highest)) < AROUND_STEP ? each : -Infinity));
  const after = near.indexOf(Math.max(...near)) + 1;
  return [samples.slice(0, after), samples.slice(after)];
}

const slopesIn = (samples) => samples.flatMap((one, index) => samples.slice(index + 1).map((other) => (other.value - one.value) / (other.atMs - one.atMs)));

function residualsOf(samples, slope) {
  const offsets = samples.map(({ atMs, value }) => value - slope * atMs);
  const middle = meanOf(offsets);
  return offsets.map((each) => each - middle);
}

/** The standard error of a slope. Of values that hang together, as in a walk or a saw-tooth, fewer count than there are. */
function slopeError(parts, residuals, noise) {
  if (noise === 0) return 0;
  const together = meanOf(residuals.flatMap((part) => part.slice(1).map((each, index) => each * part[index]))) / noise ** 2;
  const kept = Math.min(0.95, Math.max(0, together));
  const spread = parts.reduce((sum, part) => sum + spreadOf(part), 0);
  return noise * Math.sqrt((1 + kept) / (1 - kept) / spread);
}

function spreadOf(samples) {
  const middle = meanOf(samples.map(({ atMs }) => atMs));
  return samples.reduce((sum, { atMs }) => sum + (atMs - middle) ** 2, 0);
}

const valuesOf = (samples) => samples.map(({ value }) => value);
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
