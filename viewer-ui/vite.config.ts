import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

// Browsers may keep the two files for long, because another build has another address.
const versions: Plugin = {
  name: "versions",
  transformIndexHtml: {
    order: "post",
    handler: (html, { bundle = {} }) =>
      html.replace(/assets\/viewer\.(js|css)/g, (file) => {
        const built = bundle[file];
        if (built === undefined) throw new Error(`${file} was not built`);
        const content = built.type === "chunk" ? built.code : built.source;
        return `${file}?v=${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
      }),
  },
};

// Three files with names that never change: Python serves them from a fixed list.
export default defineConfig({
  base: "./",
  plugins: [versions],
  build: {
    outDir: "../airflow_provider_fluxions/viewer/static",
    emptyOutDir: true,
    target: "es2023",
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      output: { entryFileNames: "assets/viewer.js", assetFileNames: "assets/viewer[extname]" },
    },
  },
});
