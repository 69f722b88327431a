// Where the app begins: router, languages, server state, Element Plus.
import { VueQueryPlugin } from "@tanstack/vue-query";
import ElementPlus from "element-plus";
import { createApp } from "vue";
import "element-plus/dist/index.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "maplibre-gl/dist/maplibre-gl.css";
import App from "./App.vue";
import { i18n } from "./i18n";
import { router } from "./router";
import "./ui/base.css";

createApp(App)
  .use(i18n)
  .use(router)
  .use(ElementPlus)
  .use(VueQueryPlugin, {
    queryClientConfig: {
      defaultOptions: { queries: { retry: 1, staleTime: 5_000, refetchOnWindowFocus: false } },
    },
  })
  .mount("#app");
