import { defineConfig } from "vitest/config";

const conditions = ["@eventmeter/source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 20_000,
    setupFiles: ["./test/setup.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "test/*.test.ts", "scripts/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.live.test.ts", "examples/{recording,post-plugin}.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: ["packages/*/test/**/*.live.test.ts", "examples/**/*.live.test.ts"],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
