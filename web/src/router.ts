// Paths of the app; the URL holds the whole state of a view.
import { createRouter, createWebHistory } from "vue-router";
import { session } from "@/features/session/useSession";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: "/sign-in",
      component: () => import("@/features/session/pages/SignIn.vue"),
      meta: { open: true },
    },
    { path: "/", component: () => import("@/features/home/pages/Home.vue") },
    { path: "/map", component: () => import("@/features/map/pages/OneMap.vue") },
    { path: "/cases/:no?", component: () => import("@/features/cases/pages/CaseDesk.vue") },
    { path: "/today/:task?", component: () => import("@/features/today/pages/Today.vue") },
    { path: "/places/:id?", component: () => import("@/features/places/pages/Places.vue") },
    { path: "/signals", component: () => import("@/features/signals/pages/Signals.vue") },
    { path: "/feeds/:name?", component: () => import("@/features/feeds/pages/Feeds.vue") },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  const me = await session.load();
  if (!me) return { path: "/sign-in", query: { to: to.fullPath } };
  // A role's own start.
  if (to.path === "/" && me.roles.includes("operator")) return "/map";
  if (to.path === "/" && me.roles.includes("grid_worker")) return "/today";
  return true;
});
