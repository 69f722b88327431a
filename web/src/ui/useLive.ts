// The live stream: one connection for the app, resumed by the browser itself.
import { onUnmounted, ref } from "vue";

export interface LiveEvent {
  name: string;
  at_ms: number;
  no?: string;
  action?: string;
  state?: string;
}

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
  "TaskCreated",
  "TaskAccepted",
  "DwellingChanged",
  "PlanPublished",
];

export function useLive(heard: (event: LiveEvent) => void) {
  const connected = ref(false);
  const source = new EventSource("/api/v1/stream");
  source.addEventListener("hello", () => {
    connected.value = true;
  });
  source.onerror = () => {
    connected.value = false;
  };
  for (const name of NAMES)
    source.addEventListener(name, (event) => heard({ name, ...JSON.parse((event as MessageEvent).data) }));
  onUnmounted(() => source.close());
  return { connected };
}
