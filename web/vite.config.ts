import { fileURLToPath, URL } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";

const server = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    vue(),
    // The field app opens without a network; data it needs is kept by features/today itself.
    VitePWA({
      registerType: "autoUpdate",
      manifest: {
        name: "织网 Gridweave",
        short_name: "织网",
        lang: "zh-CN",
        theme_color: "#1664c0",
        background_color: "#ffffff",
        display: "standalone",
        start_url: "/",
        icons: [{ src: "/icon.svg", sizes: "any", type: "image/svg+xml" }],
      },
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg,woff2}"],
        maximumFileSizeToCacheInBytes: 6 * 1024 * 1024,
        navigateFallback: "/index.html",
        navigateFallbackDenylist: [/^\/(api|tiles|open311|ogc|healthz|readyz|metrics)/],
      },
    }),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  build: { target: "es2022", chunkSizeWarningLimit: 1500 },
  server: { proxy: { "/api": server, "/tiles": server } },
});
