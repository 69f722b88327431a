// The live stream: one connection for the whole app, resumed by the browser itself. Whoever listens
// is told once more whenever the stream begins (or begins again): what happened before that moment
// was not heard, so what is shown has to be asked for anew.
import { onUnmounted, ref } from "vue";

export interface LiveEvent {
  name: string;
  at_ms: number;
  no?: string;
  action?: string;
  state?: string;
  worker?: string | null;
}

/** The stream has (re)begun: ask again for what is shown. */
export const BEGUN = "begun";

const NAMES = [
  "CaseEstablished",
  "CaseDispatched",
  "CaseMoved",
  "CaseEnded",
  "SignalUnmatched",
  "SignalMatched",
  "SignalJudged",
  "VisitClosed",
  "CorrectionOpened",
  "AddressCorrected",
  "PlaceRedirected",
  "TaskCreated",
  "TaskAccepted",
  "DwellingChanged",
  "PlanPublished",
];

const connected = ref(false);
const listeners = new Set<(event: LiveEvent) => void>();
let source: EventSource | undefined;

function tell(event: LiveEvent) {
  for (const heard of listeners) heard(event);
}

function connect() {
  if (source || !listeners.size || document.hidden) return;
  source = new EventSource("/api/v1/stream");
  source.addEventListener("hello", () => {
    connected.value = true;
    tell({ name: BEGUN, at_ms: Date.now() });
  });
  source.onerror = () => {
    connected.value = false;
    // A stream that was refused for good (signed out, proxy gone) is not retried by the browser.
    if (source?.readyState === EventSource.CLOSED) {
      disconnect();
      window.setTimeout(connect, 5_000);
    }
  };
  for (const name of NAMES)
    source.addEventListener(name, (event) => tell({ name, ...JSON.parse((event as MessageEvent).data) }));
}

function disconnect() {
  source?.close();
  source = undefined;
  connected.value = false;
}

// A hidden tab gives its connection back (a browser has six for each server) and catches up on return.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));

export function useLive(heard: (event: LiveEvent) => void) {
  listeners.add(heard);
  if (connected.value) heard({ name: BEGUN, at_ms: Date.now() });
  connect();
  onUnmounted(() => {
    listeners.delete(heard);
    if (!listeners.size) disconnect();
  });
  return { connected };
}
