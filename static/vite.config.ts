import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// A page that is not there yet is simply not built; each page is one HTML file beside this one.
const pages = ["customer", "agent", "auditor"].filter((name) => existsSync(resolve(import.meta.dirname, `${name}.html`)));

export default defineConfig({
  base: "/static/",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // WeChat's web view on old Android phones, and iOS 14: see REQUIREMENTS STA-05.
    target: ["es2020", "chrome86", "safari14"],
    cssTarget: ["chrome86", "safari14"],
    // A data: URL in a style sheet or script would count against the strict content policy.
    assetsInlineLimit: 0,
    rollupOptions: { input: Object.fromEntries(pages.map((name) => [name, resolve(import.meta.dirname, `${name}.html`)])) },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
