// The case desk's server state: the only place of this feature that fetches.
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed, type Ref, ref } from "vue";
import { api, data, Problem, type Schemas } from "@/api/client";
import { session } from "@/features/session/useSession";
import { i18n } from "@/i18n";

export type Case = Schemas["Case"];
export type CaseRow = Schemas["CaseRow"];
export type CasePage = Schemas["CasePage"];
export type Action = Schemas["Action"];

export interface Filter {
  q: string;
  filter: string;
  state: string;
  category: string;
  sort: string;
}

export function useQueue(filter: Ref<Filter>) {
  const query = useInfiniteQuery({
    queryKey: ["cases", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/cases", {
          params: {
            query: {
              q: filter.value.q || undefined,
              state: (filter.value.state || undefined) as never,
              open: filter.value.filter === "open" || undefined,
              overdue: filter.value.filter === "overdue" || undefined,
              unlocated: filter.value.filter === "unlocated" || undefined,
              category: filter.value.category || undefined,
              sort: filter.value.sort,
              cursor: pageParam,
              limit: 50,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []);
  const total = computed(() => query.data.value?.pages[0]?.total ?? null);
  return { query, rows, total };
}

export function useCase(no: Ref<string>) {
  return useQuery({
    queryKey: ["case", no],
    enabled: computed(() => Boolean(no.value)),
    queryFn: () =>
      data(api.GET("/api/v1/cases/{no}", { params: { path: { no: no.value } } })) as Promise<CasePage>,
  });
}

export const useCatalogue = () =>
  useQuery({
    queryKey: ["categories"],
    queryFn: () => data(api.GET("/api/v1/categories")),
    staleTime: 600_000,
  });

export function useMoves() {
  const client = useQueryClient();
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["cases"] }),
      client.invalidateQueries({ queryKey: ["case"] }),
    ]);
  return {
    refresh,
    async dispatch(page: CasePage, option: Schemas["DispatchOption"]) {
      await api.POST("/api/v1/cases/{no}/dispatch", {
        params: { path: { no: page.case.no } },
        body: { to: option.to, reason: option.reason, version: page.case.version },
      });
      await refresh();
    },
    /** Gives a case to its first proposal; answers why not, or nothing. */
    async dispatchFirst(no: string): Promise<string> {
      try {
        const page = (await data(
          api.GET("/api/v1/cases/{no}", { params: { path: { no } } }),
        )) as unknown as CasePage;
        const option = page.options[0];
        if (!option) return i18n.global.t("cases.noProposal");
        await api.POST("/api/v1/cases/{no}/dispatch", {
          params: { path: { no } },
          body: { to: option.to, reason: option.reason, version: page.case.version },
        });
        return "";
      } catch (error) {
        return error instanceof Problem ? error.message : String(error);
      }
    },
    async advance(page: CasePage, action: Action, note: string) {
      await api.POST("/api/v1/cases/{no}/advance", {
        params: { path: { no: page.case.no } },
        body: { action, note, data: {}, version: page.case.version },
      });
      await refresh();
    },
    async merge(page: CasePage, into: string, reason: string) {
      await api.POST("/api/v1/cases/{no}/merge", {
        params: { path: { no: page.case.no } },
        body: { into, reason, version: page.case.version },
      });
      await refresh();
    },
    async open(body: { title: string; description: string; category: string; address: string }, key: string) {
      const made = await data(
        api.POST("/api/v1/cases", {
          body: { ...body, source: "hotline" },
          headers: { "Idempotency-Key": key },
        }),
      );
      await refresh();
      return made as Case;
    },
  };
}

interface SavedFilter {
  name: string;
  query: Record<string, string>;
}

/** Named filters of this account on this device. */
export function useSavedFilters() {
  const place = `gridweave-filters-${session.me.value?.account ?? ""}`;
  const all = ref<SavedFilter[]>(JSON.parse(localStorage.getItem(place) ?? "[]"));
  const keep = (found: SavedFilter[]) => {
    all.value = found;
    localStorage.setItem(place, JSON.stringify(found));
  };
  return {
    all,
    add: (name: string, query: Record<string, string>) =>
      keep([...all.value.filter((other) => other.name !== name), { name, query: { ...query } }]),
    remove: (name: string) => keep(all.value.filter((other) => other.name !== name)),
  };
}
