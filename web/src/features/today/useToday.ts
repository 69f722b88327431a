// Today, made for phones without a network: tasks are kept, drafts are kept, what was handed in (visits
// and corrections of addresses) waits in an outbox under its own key and is sent when the network is
// back; sent twice it is one. All of it is kept for each account by itself: on a shared phone nobody
// sees or sends what is another's.
import { ElMessage } from "element-plus";
import { get, set, update } from "idb-keyval";
import { computed, onMounted, onUnmounted, reactive, ref } from "vue";
import { api, data, Problem, type Schemas } from "@/api/client";
import { session } from "@/features/session/useSession";

export type TaskView = Schemas["TaskView"];

export interface Draft {
  key: string;
  task: string;
  answers: Record<string, unknown>;
  point?: { lon: number; lat: number };
  accuracy?: number;
  photos: Blob[];
  at_ms: number;
}

/** A correction that waits for the network. */
export interface Ticket {
  key: string;
  body: Record<string, unknown>;
}

const mine = (name: string) => `${name}-${session.me.value?.account ?? ""}`;
const TASKS = () => mine("today-tasks");
const DRAFTS = () => mine("today-drafts");
const OUTBOX = () => mine("today-outbox");
const TICKETS = () => mine("today-tickets");

const tasks = ref<TaskView[]>([]);
const drafts = reactive<Record<string, Draft>>({});
const outbox = ref<Draft[]>([]);
const tickets = ref<Ticket[]>([]);
let owner = "";
const refused = reactive<Record<string, string>>({});
const loading = ref(true);
const error = ref<unknown>(null);
let sending = false;

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));
const keepDrafts = () => {
  const all: Record<string, Draft> = {};
  for (const [id, draft] of Object.entries(drafts))
    all[id] = { ...plain({ ...draft, photos: [] }), photos: [...draft.photos] };
  return set(DRAFTS(), all);
};

async function load() {
  error.value = null;
  try {
    const found = await data(api.GET("/api/v1/tasks"));
    tasks.value = found;
    await set(TASKS(), plain(found));
  } catch (failure) {
    const known = await get<TaskView[]>(TASKS());
    if (known) tasks.value = known;
    else error.value = failure;
  } finally {
    loading.value = false;
  }
}

/** Is it the network's or the server's fault, so that waiting helps? */
const mayWait = (failure: unknown) =>
  !(failure instanceof Problem) || failure.status >= 500 || failure.status === 401;

/** Sends the corrections that wait; a refused one is told and goes. */
async function flushTickets() {
  for (const ticket of [...tickets.value]) {
    try {
      await api.POST("/api/v1/corrections", {
        body: ticket.body as never,
        headers: { "Idempotency-Key": ticket.key },
      });
    } catch (failure) {
      if (mayWait(failure)) return false;
      ElMessage.error((failure as Problem).message);
    }
    tickets.value = tickets.value.filter((other) => other.key !== ticket.key);
    await set(TICKETS(), plain(tickets.value));
  }
  return true;
}

/** Sends what waits, one after the other; stops at the first sign of no network. */
async function flush() {
  if (sending) return;
  sending = true;
  try {
    if (!(await flushTickets())) return;
    for (const draft of [...outbox.value]) {
      try {
        const photos: string[] = [];
        for (const photo of draft.photos) {
          const sent = await data(
            api.POST("/api/v1/photos", {
              body: photo as never,
              bodySerializer: (body: unknown) => body,
            } as never),
          );
          photos.push((sent as unknown as { id: string }).id);
        }
        await api.POST("/api/v1/visits", {
          body: {
            task: draft.task,
            once_key: draft.key,
            at_ms: draft.at_ms,
            answers: draft.answers,
            point: draft.point ?? null,
            photos,
          },
        });
        delete refused[draft.task];
        delete drafts[draft.task];
      } catch (failure) {
        // Refused: the draft comes back to the worker with the reason. No network: it waits.
        if (mayWait(failure)) return;
        refused[draft.task] = (failure as Problem).message;
        drafts[draft.task] = draft;
      }
      await update<Draft[]>(OUTBOX(), (all) => (all ?? []).filter((other) => other.key !== draft.key));
      outbox.value = outbox.value.filter((other) => other.key !== draft.key);
      await keepDrafts();
    }
  } finally {
    sending = false;
  }
}

const waiting = computed(() => outbox.value.length + tickets.value.length);

/** Forgets the tasks (they name doors) when somebody signs out; what waits to be sent stays. */
export async function forgetTasks() {
  tasks.value = [];
  await set(TASKS(), []);
}

export function useToday() {
  const sync = async () => {
    await flush();
    await load();
  };
  let timer = 0;
  onMounted(async () => {
    if (owner !== session.me.value?.account) {
      owner = session.me.value?.account ?? "";
      tasks.value = [];
      for (const kept of [drafts, refused]) for (const key of Object.keys(kept)) delete kept[key];
    }
    Object.assign(drafts, (await get<Record<string, Draft>>(DRAFTS())) ?? {});
    outbox.value = (await get<Draft[]>(OUTBOX())) ?? [];
    tickets.value = (await get<Ticket[]>(TICKETS())) ?? [];
    await sync();
    window.addEventListener("online", sync);
    timer = window.setInterval(() => waiting.value && sync(), 15_000);
  });
  onUnmounted(() => {
    window.removeEventListener("online", sync);
    window.clearInterval(timer);
  });
  return {
    /** Every task that is known, also those whose visit waits to be sent. */
    all: tasks,
    /** What is left to do: without those whose visit waits to be sent. */
    tasks: computed(() =>
      tasks.value.filter((view) => !outbox.value.some((draft) => draft.task === view.task.id)),
    ),
    outbox,
    waiting,
    refused,
    loading,
    error,
    load,
    sync,
    draft(view: TaskView): Draft {
      drafts[view.task.id] ??= {
        key: crypto.randomUUID(),
        task: view.task.id,
        answers: { ...(view.prefill as object) },
        photos: [],
        at_ms: 0,
      };
      return drafts[view.task.id]!;
    },
    keepDrafts,
    async accept(view: TaskView) {
      await api.POST("/api/v1/tasks/{id}/accept", { params: { path: { id: view.task.id } } });
      view.task.state = "accepted";
    },
    async submit(draft: Draft) {
      draft.at_ms = Date.now();
      const sealed = { ...plain({ ...draft, photos: [] }), photos: [...draft.photos] };
      outbox.value = [...outbox.value, sealed];
      await update<Draft[]>(OUTBOX(), (all) => [...(all ?? []), sealed]);
      await sync();
    },
    card: (place: string) => data(api.GET("/api/v1/places/{id}/card", { params: { path: { id: place } } })),
    unmask: (person: string, place: string, purpose: string) =>
      data(
        api.POST("/api/v1/people/{id}/unmask", {
          params: { path: { id: person } },
          body: { place },
          headers: { "X-Purpose": encodeURIComponent(purpose) },
        }),
      ),
    async correct(body: Record<string, unknown>, key: string) {
      tickets.value = [...tickets.value, { key, body: plain(body) }];
      await set(TICKETS(), plain(tickets.value));
      await sync();
    },
  };
}
