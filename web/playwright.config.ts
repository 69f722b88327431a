import { defineConfig } from "@playwright/test";

const chromium = process.env.GRIDWEAVE_TEST_CHROMIUM || "/usr/bin/chromium";
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

export default defineConfig({
  testDir: "tests/browser",
  outputDir: "../target/playwright",
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  globalSetup: "./tests/browser/server.ts",
  use: {
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: (["desktop", "phone"] as const).flatMap((size) =>
    ["zh-CN", "en"].map((lang) => ({
      name: `${size}-${lang}`,
      use: { viewport: sizes[size] },
      metadata: { size, lang },
    })),
  ),
});
