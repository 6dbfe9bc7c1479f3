// Finds the name that a misspelt one was meant to be.

/** Returns the candidate that a name was most likely meant to be; undefined if none is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let best = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < best) {
      nearest = candidate;
      best = distance;
    }
  }
  return nearest;
}

/** Counts the insertions, removals and replacements between two strings (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current[column] = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced);
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
