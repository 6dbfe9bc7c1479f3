// Check of Host headers: a web page whose name was rebound to this machine must not read the metrics page.

const LOOPBACK_ADDRESS = /^(?:::1|::ffff:127(?:\.\d{1,3}){3}|127(?:\.\d{1,3}){3})$/i;
const LOOPBACK_NAME = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])$/;
const HOST = /^(?<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/;

/** What a request says about the host that it is for. */
export interface RequestedHost {
  /** The Host headers. */
  readonly hosts: readonly string[];
  /** Host of a target in absolute form, which proxies send. */
  readonly authority?: string | undefined;
  /** As in `1.1`. */
  readonly httpVersion: string;
}

/**
 * Returns the error status for a request; undefined if the request may go on.
 * @param loopback whether the server listens on a loopback address, where loopback names are always allowed
 */
export function rejectHost(
  { hosts, authority, httpVersion }: RequestedHost,
  loopback: boolean,
  allowedHosts: readonly string[] | undefined,
): 400 | 403 | undefined {
  // HTTP/1.0 has no Host header, and is what checks of load balancers speak; a browser, which is what the check of the
  // name is for, never does.
  const isOptional = httpVersion === "1.0";
  if (hosts.length > 1 || (hosts.length === 0 && !isOptional)) return 400;
  const names = authority === undefined ? hosts : [...hosts, authority];
  return names.every((name) => isAllowed(name, loopback, allowedHosts)) ? undefined : 403;
}

function isAllowed(host: string, loopback: boolean, allowedHosts: readonly string[] | undefined): boolean {
  if (!loopback && allowedHosts === undefined) return true;
  const name = HOST.exec(host.toLowerCase())?.groups?.["name"];
  if (name === undefined) return false;
  return (loopback && LOOPBACK_NAME.test(name)) || allowedHosts?.includes(name) === true;
}

/** Returns whether an address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/** Returns a name of the option `allowedHosts` in the form in which it is compared: lower case, IPv6 in brackets. */
export function canonicalHost(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes(":") && !lower.startsWith("[") ? `[${lower}]` : lower;
}
