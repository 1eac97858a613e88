import { defineConfig } from 'vite';

const server = process.env.MAMORI_URL ?? 'http://127.0.0.1:9650';

export default defineConfig({
  base: '/ui/',
  // esbuild compiles the JSX itself: no plugin, no Babel.
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false }, // it would be an inline script, which the CSP forbids
    assetsInlineLimit: 0, // data: URLs are not in the CSP either
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': server, '/-': server, '/metrics': server } },
});
