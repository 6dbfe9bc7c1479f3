const SLUG = /^[a-z0-9][a-z0-9_-]{0,127}$/;
const REGION = /^[a-z0-9-]{1,64}$/;

/** Reads the name of an organisation or of a stack; undefined for anything else, as the address that it is part of. */
export function readSlug(given: string): string | undefined {
  return matching(given, SLUG);
}

/** Reads a region or cluster, as `eu` or `prod-eu-west-0`: an open set, so only its form is judged. */
export function readRegion(given: string): string | undefined {
  return matching(given, REGION);
}

function matching(given: string, pattern: RegExp): string | undefined {
  const slug = given.trim().toLowerCase();
  return pattern.test(slug) ? slug : undefined;
}
