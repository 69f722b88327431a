// Who is signed in. Kept in the phone's storage so that the field app opens off line.
import { computed, ref } from "vue";
import { api, csrf, data, Problem, type Schemas } from "@/api/client";

export type Me = Schemas["Me"];
const KEY = "gridweave-me";
const me = ref<Me | null>(null);

function keep(found: Me | null) {
  me.value = found;
  csrf.value = found?.csrf ?? "";
  if (found) localStorage.setItem(KEY, JSON.stringify(found));
  else localStorage.removeItem(KEY);
}

export const session = {
  me,
  can: (action: string) => me.value?.actions.includes(action) ?? false,
  isOwnOnly: computed(() => me.value?.roles.every((role) => role === "grid_worker") ?? false),

  /** The session, asked once; off line the last known one. */
  async load(): Promise<Me | null> {
    if (me.value) return me.value;
    try {
      keep(await data(api.GET("/api/v1/session")));
    } catch (error) {
      if (error instanceof Problem) keep(null);
      else {
        const known = localStorage.getItem(KEY);
        keep(known ? JSON.parse(known) : null);
      }
    }
    return me.value;
  },

  async signIn(login: string, password: string) {
    keep(await data(api.POST("/api/v1/session", { body: { login, password } })));
  },

  async signOut() {
    const { forgetTasks } = await import("@/features/today/useToday");
    await forgetTasks();
    await api.DELETE("/api/v1/session").catch(() => undefined);
    keep(null);
  },
};

export const settings = () => data(api.GET("/api/v1/settings"));
