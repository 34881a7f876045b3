import { engine } from './engine.mjs';
import { executor } from './executor.mjs';
import { growth } from './growth.mjs';
import { model } from './model.mjs';
import { scale } from './scale.mjs';
import { safeguards } from './safeguards.mjs';
import { showEngine, showExecutor, showGrowth, showModel, showSafeguards, showScale, showTakeover } from './show.mjs';
import { takeover } from './takeover.mjs';

/** Every benchmark: how it is run, and how what it measured is shown. */
export const BENCHMARKS = {
  engine: { run: engine, show: showEngine },
  growth: { run: growth, show: showGrowth },
  takeover: { run: takeover, show: showTakeover },
  executor: { run: executor, show: showExecutor },
  model: { run: model, show: showModel },
  scale: { run: scale, show: showScale },
  safeguards: { run: safeguards, show: showSafeguards },
};
