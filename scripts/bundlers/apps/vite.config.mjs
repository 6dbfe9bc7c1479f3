// Server builds: with the packages left outside, and with everything inside.
import { defineConfig } from "vite";

export default defineConfig(({ mode }) => ({
  logLevel: "warn",
  build: { ssr: "main.mjs", outDir: `out/vite-${mode}`, emptyOutDir: true },
  ssr: mode === "bundled" ? { noExternal: true } : {},
}));
