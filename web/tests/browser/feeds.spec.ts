// How a feed does, as those who answer for it look at it.
import { expect, test } from "@playwright/test";
import { User } from "./driver";

test("what a feed brought, what was not taken and what visits found", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.see("nav-feeds").click();
  await expect(steward.see("feed-water-daily")).toBeVisible();
  await steward.look("feeds");
  await steward.see("feed-water-daily").click();
  // Its numbers lead to what they count.
  await expect(steward.see("kind").first()).toBeVisible();
  await expect(steward.see("precision")).toContainText("%");
  await expect(steward.see("limits")).toContainText("%");
  await steward.look("feed");
  const link = steward.see("kind").locator("a").first();
  const count = Number((await link.textContent())?.replace(/\D/g, ""));
  await link.click();
  await expect(steward.see("signal-filter")).toBeVisible();
  await expect(steward.see("signal")).toHaveCount(Math.min(count, 50));
  await steward.look("signals-of-feed");
  await steward.page.goBack();
  await steward.see("period").click();
  await steward.page.locator(".el-select-dropdown__item:visible").first().click();
  await expect(steward.page).toHaveURL(/days=7/);
});

test("rows that were not taken are shown with their line and reason", async ({ browser }, info) => {
  const admin = await User.signIn(browser, info, "administrator");
  await admin.go("/feeds/water-hourly");
  await expect(admin.see("last-push")).toBeVisible();
  await admin.look("feeds-empty");
  const day = `2026-01-0${1 + ["desktop-zh-CN", "desktop-en", "phone-zh-CN", "phone-en"].indexOf(info.project.name)}`;
  const status = await admin.page.evaluate(async (day) => {
    const session = await (await fetch("/api/v1/session")).json();
    const answer = await fetch("/api/v1/feeds/water-hourly/push", {
      method: "POST",
      headers: { "x-csrf-token": session.csrf, "content-type": "text/csv" },
      body: `meter,time,value\nH1,${day} 05:00,12\nH1,${day} 06:00,lots\n,${day} 06:00,3\n`,
    });
    return answer.status;
  }, day);
  expect(status).toBe(200);
  await admin.page.reload();
  await expect(admin.see("rejected")).toHaveCount(2);
  await expect(admin.see("rejected").first()).toContainText("lots");
  await admin.look("feeds-rejected");
});

test("an auditor sees the feeds though not the signals", async ({ browser }, info) => {
  const auditor = await User.signIn(browser, info, "auditor");
  await auditor.see("nav-feeds").click();
  await auditor.see("feed-water-daily").click();
  await expect(auditor.see("kind").first()).toBeVisible();
  await expect(auditor.see("kind").locator("a")).toHaveCount(0);
  await auditor.look("feeds-auditor");
});
