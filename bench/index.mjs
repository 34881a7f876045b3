import { engine } from './engine.mjs';
import { growth } from './growth.mjs';
import { safeguards } from './safeguards.mjs';
import { showEngine, showGrowth, showSafeguards, showTakeover } from './show.mjs';
import { takeover } from './takeover.mjs';

/** Every benchmark: how it is run, and how what it measured is shown. */
export const BENCHMARKS = {
  engine: { run: engine, show: showEngine },
  growth: { run: growth, show: showGrowth },
  takeover: { run: takeover, show: showTakeover },
  safeguards: { run: safeguards, show: showSafeguards },
};
