// Progress of a long run, on stderr: stdout is for its result.

/** A part of a long run. */
export interface Step<Result> {
  readonly name: string;
  readonly run: () => Promise<Result>;
}

/**
 * Runs steps one after another and returns their results. A line names each step as it begins and says how long the
 * last one took.
 */
export async function runSteps<Result>(steps: readonly Step<Result>[]): Promise<Result[]> {
  const results: Result[] = [];
  const runBegan = performance.now();
  let last = "";
  for (const [index, { name, run }] of steps.entries()) {
    process.stderr.write(`[${index + 1}/${steps.length}] ${name} …${last}\n`);
    const began = performance.now();
    results.push(await run());
    last = ` (the last step took ${secondsSince(began)})`;
  }
  process.stderr.write(`${steps.length} steps took ${secondsSince(runBegan)}${last}\n`);
  return results;
}

/** Writes a line that names a part of the current step as it begins. */
export function writePart(name: string): void {
  process.stderr.write(`  ${name}\n`);
}

function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1_000).toFixed(1)} s`;
}
