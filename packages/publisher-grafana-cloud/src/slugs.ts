const SLUG = /^[a-z0-9][a-z0-9_-]{0,127}$/;
const REGION = /^[a-z0-9-]{1,64}$/;

/** Reads the name of an organisation as it stands in `grafana.com/orgs/<name>`, also the address itself; undefined for anything else. */
export function readOrgSlug(given: string): string | undefined {
  return slugOf(given.replace(/^(?:https:\/\/)?grafana\.com\/orgs\//i, ""), SLUG);
}

/** Reads the name of a stack as it stands in `<name>.grafana.net`, also the address itself; undefined for anything else. */
export function readStackSlug(given: string): string | undefined {
  return slugOf(
    given
      .trim()
      .replace(/^https:\/\//i, "")
      .replace(/\.grafana\.net\/?$/i, ""),
    SLUG,
  );
}

/** Reads a region or cluster, as `eu` or `prod-eu-west-0`: an open set, so only its form is judged. */
export function readRegion(given: string): string | undefined {
  return slugOf(given, REGION);
}

function slugOf(given: string, pattern: RegExp): string | undefined {
  const slug = given.trim().replace(/\/$/, "").toLowerCase();
  return pattern.test(slug) ? slug : undefined;
}
