import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** `npx vite apps/dashboard` serves the pages with hot reload and sends API calls to a running stack. */
const stack = process.env.TRIVET_URL ?? 'http://127.0.0.1:8080';

/** A compressed copy beside each script and style, so that the server sends few bytes and compresses nothing itself. */
const compressed = (): Plugin => ({
  name: 'compressed-copies',
  writeBundle({ dir = '' }, bundle) {
    for (const file of Object.keys(bundle).filter((name) => /\.(js|css|html|svg)$/.test(name))) fs.writeFileSync(path.join(dir, `${file}.gz`), gzipSync(fs.readFileSync(path.join(dir, file)), { level: 9 }));
  },
});

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss(), compressed()],
  build: { outDir: path.join(import.meta.dirname, 'dist'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: Object.fromEntries(['/api', '/v1', '/mcp', '/openapi.json', '/asyncapi.json', '/readyz', '/version'].map((route) => [route, stack])) },
});
