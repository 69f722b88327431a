// Times for people: local, short, and how long is left.
import { language } from "@/api/client";
import { i18n } from "@/i18n";

export function moment(ms: number): string {
  return new Intl.DateTimeFormat(language.value, {
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).format(ms);
}

export function span(ms: number): string {
  const t = i18n.global.t;
  if (Math.abs(ms) < 60_000) return `${Math.round(Math.abs(ms) / 1000)} ${t("cases.seconds")}`;
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 60) return `${minutes} ${t("cases.minutes")}`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} ${t("cases.hours")}` : `${Math.round(hours / 24)} ${t("cases.days")}`;
}

export function left(dueMs: number, now = Date.now()): string {
  const t = i18n.global.t;
  return dueMs < now
    ? t("cases.overdueBy", { t: span(now - dueMs) })
    : t("cases.left", { t: span(dueMs - now) });
}
