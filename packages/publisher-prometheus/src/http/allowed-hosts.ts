// Check of Host headers: a web page whose name was rebound to this machine must not read the metrics page.

const LOOPBACK_ADDRESS = /^(?:::1|::ffff:127(?:\.\d{1,3}){3}|127(?:\.\d{1,3}){3})$/i;
const LOOPBACK_NAME = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])$/;
const HOST = /^(?<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/;

/**
 * Returns the error status for a request with these Host headers; undefined if the request may go on.
 * @param loopback whether the server listens on a loopback address, where loopback names are always allowed
 */
export function rejectHost(
  hosts: readonly string[],
  loopback: boolean,
  allowedHosts: readonly string[] | undefined,
): 400 | 403 | undefined {
  const [host, ...others] = hosts;
  if (host === undefined || others.length > 0) return 400;
  if (!loopback && allowedHosts === undefined) return undefined;
  const name = HOST.exec(host.toLowerCase())?.groups?.["name"];
  if (name === undefined) return 403;
  const isAllowed = (loopback && LOOPBACK_NAME.test(name)) || allowedHosts?.includes(name) === true;
  return isAllowed ? undefined : 403;
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
