// Ports that publishers of this process listen on, across all copies of this package in it.

const KEY = Symbol.for("eventmeter.prometheus-ports.v1");

/** Returns the names of publishers by the port that they listen on. Bundles and hot reloads evaluate this module several times; what they share is `process`. */
export function processPorts(): Map<number, string> {
  const host = process as unknown as { [KEY]?: Map<number, string> };
  const known = host[KEY];
  if (known !== undefined) return known;
  const ports = new Map<number, string>();
  Object.defineProperty(process, KEY, { value: ports, configurable: true });
  return ports;
}
