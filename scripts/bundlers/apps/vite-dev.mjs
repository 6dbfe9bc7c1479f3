// Loads the program through the development server of Vite, as frameworks do that render on the server.
import { createServer } from "vite";

const server = await createServer({
  configFile: false,
  appType: "custom",
  logLevel: "warn",
  server: { middlewareMode: true, ws: false },
});
const { publishEverywhere } = await server.ssrLoadModule("/metrics.mjs");
console.log(`RESULT ${JSON.stringify(await publishEverywhere())}`);
await server.close();
