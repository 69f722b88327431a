// Both languages: zh-CN first, English complete. A test compares their keys.
import { createI18n } from "vue-i18n";
import { language } from "@/api/client";
import en from "./en.json";
import zh from "./zh-CN.json";

export const i18n = createI18n({
  legacy: false,
  locale: language.value,
  fallbackLocale: "zh-CN",
  messages: { "zh-CN": zh, en },
});

export function switchLanguage() {
  language.value = language.value === "zh-CN" ? "en" : "zh-CN";
  localStorage.setItem("language", language.value);
  i18n.global.locale.value = language.value;
  document.documentElement.lang = language.value;
}
document.documentElement.lang = language.value;
