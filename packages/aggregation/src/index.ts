// Entry point: the store of series, its snapshots, and what publishers of series have in common.
export { describeMilliseconds, type HistogramBounds } from "./bounds.ts";
export {
  CATALOGUE,
  DEFAULT_BOUNDS,
  type FamilyDefinition,
  OVERFLOW,
  OVERFLOW_VALUE,
  overflowMessage,
} from "./catalogue.ts";
export type { ExcludedLabelSet } from "./excluded-label-sets.ts";
export type { Exemplar } from "./exemplars.ts";
export { cleanLabelName } from "./label-names.ts";
export { toLabelValue, toPageable } from "./label-values.ts";
export { type PromotedLabels, seriesOptionRules, type SeriesStoreOptions } from "./options.ts";
export { SeriesStore } from "./series-store.ts";
export { runInSlices, type SliceOptions } from "./time-slices.ts";
export type {
  CounterPoint,
  CounterSnapshot,
  FamilySnapshot,
  HistogramPoint,
  HistogramSnapshot,
  Snapshot,
  SnapshotBase,
} from "./snapshot.ts";
