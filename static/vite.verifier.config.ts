// The auditor's page as one file that works from disk: dist/verifier.html. Same source as /v/, script and style inside.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const PAGE = resolve(import.meta.dirname, "auditor.html");
const TAGS = /\s*<script type="module".*<\/script>/;
const ICON = /\s*<link rel="icon".*\/>/;

/** `text` as the content of an element, and the source expression that lets exactly it run. */
function inside(text: string): { text: string; hash: string } {
  return { text, hash: `'sha256-${createHash("sha256").update(text).digest("base64")}'` };
}

/**
 * A page from disk has no server to send a content policy, so it carries its own: only its own script and style, and no
 * connection to anywhere, whatever a bundle may hold.
 */
const oneFile = (): Plugin => ({
  name: "one-file",
  enforce: "post",
  generateBundle(_, bundle) {
    let script = "";
    let style = "";
    for (const [name, item] of Object.entries(bundle)) {
      if (item.type === "chunk") script += item.code;
      else if (name.endsWith(".css")) style += String(item.source);
      else this.error(`${name} cannot be put inside`);
      delete bundle[name];
    }
    const js = inside(script.replace(/<\/script/gi, "<\\/script").replace(/<!--/g, "<\\!--"));
    const css = inside(style);
    const policy = `default-src 'none'; script-src ${js.hash}; style-src ${css.hash}; img-src blob: data:; base-uri 'none'; form-action 'none'`;
    const page = readFileSync(PAGE, "utf8");
    if (!TAGS.test(page) || !ICON.test(page) || !style || !script) this.error("auditor.html has another form");
    const source = page
      .replace(ICON, () => '\n    <link rel="icon" href="data:," />')
      .replace(TAGS, () => `\n    <style>${css.text}</style>`)
      .replace('<meta charset="utf-8" />', (meta) => `${meta}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`)
      .replace("  </body>", () => `    <script>${js.text}</script>\n  </body>`);
    this.emitFile({ type: "asset", fileName: "verifier.html", source });
  },
});

export default defineConfig({
  publicDir: false,
  plugins: [oneFile()],
  build: {
    outDir: "dist",
    emptyOutDir: false, // the other pages are there already
    target: ["es2020", "chrome86", "safari14"],
    cssTarget: ["chrome86", "safari14"],
    lib: { entry: resolve(import.meta.dirname, "src/verifier/main.ts"), formats: ["iife"], name: "jianzheng", fileName: () => "verifier.js" },
  },
});
