// The loop, walked as operator, worker and steward, at both sizes and in both languages.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { User, url } from "./driver";

test("the sign-in page offers each role", async ({ browser }, info) => {
  const context = await browser.newContext({ viewport: info.project.use.viewport });
  const page = await context.newPage();
  await page.goto(`${url()}/sign-in`);
  await expect(page.locator("[data-test^=demo-]")).toHaveCount(8);
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(found.violations.map((violation) => violation.id)).toEqual([]);
  await context.close();
});

test("an event becomes a case, a visit, and is verified by someone else", async ({ browser }, info) => {
  const title = `电梯停运 ${info.project.name}`;
  const operator = await User.signIn(browser, info, "operator");
  await operator.go("/cases");
  await operator.look("cases");
  await operator.see("new-case").click();
  await operator.page.locator("[data-test=new-title] input, input[data-test=new-title]").first().fill(title);
  await operator.see("new-category").click();
  await operator.page.locator(".el-select-dropdown__item:visible").last().scrollIntoViewIfNeeded();
  await operator.page.locator(".el-select-dropdown__item:visible").nth(6).click();
  await operator.page
    .locator("[data-test=new-address] input, input[data-test=new-address]")
    .first()
    .fill("东湖花园1栋");
  await operator.see("new-submit").click();
  await expect(operator.see("case-detail").locator("h1")).toHaveText(title);
  const path = new URL(operator.page.url()).pathname;
  await operator.look("case-new");
  await operator.see("dispatch-0").click();
  await expect(operator.see("act-urge")).toBeVisible();

  const worker = await User.signIn(browser, info, "grid_worker");
  await worker.go("/today");
  const task = worker.see("task").filter({ hasText: title });
  await expect(task).toBeVisible();
  await worker.look("today");
  await task.click();
  await worker.see("found-solved").click();
  await worker.see("position").click();
  await worker.look("visit-form");
  // The sheet stays for as long as the visit is on its way: who sees it go knows that it has arrived.
  let arrive = () => {};
  const underWay = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await worker.page.route("**/api/v1/visits", async (route) => {
    await underWay;
    await route.continue();
  });
  const asked = worker.page.waitForRequest("**/api/v1/visits");
  await worker.see("submit-visit").click();
  await asked;
  await expect(worker.see("task-sheet")).toBeVisible();
  arrive();
  await expect(worker.see("task-sheet")).toBeHidden();
  await expect(worker.see("task").filter({ hasText: title })).toHaveCount(0);
  await worker.close();

  // What the worker answered is read here, and ending the case is asked for once more.
  await operator.go(path);
  await operator.see("act-verify_pass").click();
  await expect(operator.see("visit")).toContainText(
    info.project.metadata.lang === "en" ? "solved" : "已解决",
  );
  await operator.see("act-close").click();
  await operator.page.locator(".el-message-box .el-button--primary").click();
  await expect(operator.see("case-state")).toContainText(
    info.project.metadata.lang === "en" ? "Closed" : "已结",
  );
  await operator.look("case-closed");
  await operator.close();
});

test("a visit filled in off line is kept and sent when the network is back", async ({ browser }, info) => {
  const worker = await User.signIn(browser, info, "grid_worker");
  await worker.go("/today");
  const tasks = worker.see("task");
  await expect(tasks.first()).toBeVisible();
  const before = await tasks.count();
  await tasks.first().click();
  await expect(worker.see("task-sheet")).toBeVisible();
  await worker.context.setOffline(true);
  await worker.page
    .locator(
      "[data-test=phone-well], [data-test=occupancy-occupied], [data-test=cause-harmless], [data-test=found-solved]",
    )
    .first()
    .click();
  await worker.see("submit-visit").click();
  await expect(worker.see("queued")).toBeVisible();
  await worker.page.screenshot({
    path: `${process.env.GRIDWEAVE_TEST_SHOTS ?? "../target/screenshots"}/${info.project.name}/offline.png`,
  });
  await worker.context.setOffline(false);
  await expect(worker.see("queued")).toBeHidden({ timeout: 30_000 });
  await worker.page.reload();
  await expect(worker.see("task")).toHaveCount(before - 1);
  await worker.close();
});

test("a page that was opened just before something happened shows it all the same", async ({
  browser,
}, info) => {
  const operator = await User.signIn(browser, info, "operator");
  // The stream is held back until the page has long asked for what it shows.
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await operator.page.route("**/api/v1/stream", async (route) => {
    await held;
    await route.continue();
  });
  await operator.go("/cases?filter=all");
  await expect(operator.see("case-row").first()).toBeVisible();
  const title = `积水 ${info.project.name}`;
  const csrf = await operator.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).csrf);
  await operator.page.request.post(`${url()}/api/v1/cases`, {
    headers: { "x-csrf-token": csrf },
    data: { title, category: "public.facility", address: "东湖花园2栋" },
  });
  release();
  await expect(operator.see("case-row").filter({ hasText: title })).toBeVisible();
  await operator.close();
});

test("several new cases are dispatched at once, and a filter is kept by name", async ({ browser }, info) => {
  test.skip(info.project.metadata.size === "phone", "ticking is for the desk");
  const operator = await User.signIn(browser, info, "operator");
  const csrf = await operator.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).csrf);
  const title = `成批 ${info.project.name}`;
  for (const n of [1, 2])
    await operator.page.request.post(`${url()}/api/v1/cases`, {
      headers: { "x-csrf-token": csrf },
      data: { title: `${title} ${n}`, category: "public.facility", address: `东湖花园${n}栋` },
    });
  await operator.go(`/cases?q=${encodeURIComponent(title)}`);
  await expect(operator.see("total")).toContainText("2");
  await operator.page.locator("thead .el-checkbox").click();
  await operator.see("dispatch-many").click();
  await expect(operator.see("dispatch-many")).toBeHidden();
  for (const row of await operator.see("case-row").all())
    await expect(row).toContainText(info.project.metadata.lang === "en" ? "Dispatched" : "已派遣");
  await operator.see("save-filter").click();
  await operator.page.locator(".el-message-box input").fill("我的筛选");
  await operator.page.locator(".el-message-box .el-button--primary").click();
  await operator.go("/cases");
  await operator.page.getByRole("link", { name: "我的筛选" }).click();
  await expect(operator.see("total")).toContainText("2");
  await operator.look("cases-filtered");
  await operator.close();
});

test("on a shared phone nobody sees or sends what is another's", async ({ browser }, info) => {
  const worker = await User.signIn(browser, info, "grid_worker");
  await worker.go("/today");
  await worker.see("task").first().click();
  await expect(worker.see("task-sheet")).toBeVisible();
  // A correction made without a network waits …
  await worker.context.setOffline(true);
  await worker.see("wrong-missing").click();
  await worker.page
    .locator("[data-test=right-name] input, input[data-test=right-name]")
    .first()
    .fill(`99${info.project.name}室`);
  await worker.see("send-correction").click();
  await worker.page.locator(".el-message--success").waitFor();
  // … and is not another's: the next one on this phone sees neither it nor the tasks.
  await worker.page.route("**/api/v1/corrections", (route) => route.abort());
  await worker.context.setOffline(false);
  await worker.see("sign-out").click();
  await worker.page.locator("form input").first().fill("worker002");
  await worker.page.locator("form input").nth(1).fill("gridweave-demo");
  await worker.page.locator("form button[type=submit]").click();
  await worker.page.waitForURL("**/today");
  await expect(worker.see("queued")).toHaveCount(0);
  await worker.see("sign-out").click();
  await worker.page.unroute("**/api/v1/corrections");
  // Back at its own worker it is sent.
  const sent = worker.page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/corrections") && response.request().method() === "POST",
  );
  await worker.see("demo-grid_worker").click();
  expect((await sent).status()).toBe(200);
  await worker.close();
});

test("an address is corrected with old and new side by side, in one key press", async ({ browser }, info) => {
  const name = `${1200 + info.config.projects.findIndex((p) => p.name === info.project.name)}室`;
  const worker = await User.signIn(browser, info, "grid_worker");
  await worker.go("/today");
  await worker.see("task").last().click();
  await worker.see("wrong-renamed").click();
  await worker.page.locator("[data-test=right-name] input, input[data-test=right-name]").first().fill(name);
  await worker.see("send-correction").click();
  await expect(worker.page.locator(".el-message--success")).toBeVisible();
  await worker.close();

  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/places?tab=inbox");
  await expect(steward.see("compare")).toBeVisible();
  // Ticket by ticket, cause by cause.
  for (let i = 0; i < 60 && !(await steward.see("proposed").textContent())?.includes(name); i += 1) {
    await steward.page.keyboard.press("j");
    await steward.page.waitForTimeout(150);
  }
  await expect(steward.see("proposed")).toHaveText(name);
  await steward.look("corrections");
  const compared = steward.see("compare");
  const door = (await compared.locator("p a").first().textContent()) ?? "";
  const old = (await compared.locator(".big").first().textContent()) ?? "";
  await steward.page.keyboard.press("a");
  await expect(steward.page.locator(".el-message--success")).toBeVisible();
  await expect(steward.see("proposed").or(steward.page.locator(".empty"))).not.toContainText(name);
  await steward.see("tab-tree").click();
  await steward.page
    .locator("[data-test=place-search] input, input[data-test=place-search]")
    .first()
    .fill(door.slice(0, -old.length) + name);
  await steward.page.locator("[data-test=suggestion]:visible").first().click();
  await expect(steward.see("card")).toContainText(name);
  await steward.look("place-card");
  await steward.close();
});

test("the map shows the city, its cases, and what happens now", async ({ browser }, info) => {
  const operator = await User.signIn(browser, info, "operator");
  await operator.go("/map");
  await expect(operator.page.locator("[data-test=map][data-ready='1']")).toBeVisible({ timeout: 30_000 });
  const other = await User.signIn(browser, info, "operator");
  await expect(operator.see("ticker")).toContainText("●");
  const csrf = await other.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).csrf);
  const answer = await other.page.request.post(`${url()}/api/v1/cases`, {
    headers: { "x-csrf-token": csrf },
    data: { title: "路灯不亮", category: "public.facility", address: "东湖花园2栋" },
  });
  const { no } = await answer.json();
  await expect(operator.see("ticker")).toContainText(no);
  await operator.look("map");
  // The way down: city, district, street, community, cell; the URL keeps where one is.
  if (info.project.metadata.size === "phone") await operator.see("map-panel").click();
  for (let level = 0; level < 5; level += 1) await operator.see("drill").first().click();
  await expect(operator.page).toHaveURL(/division=\d{12}.*cell=\d{15}|cell=\d{15}.*division=\d{12}/);
  await operator.look("map-drilled");
  if (info.project.metadata.size === "phone") await operator.see("map-panel").click();
  await operator.see("ticker").getByText(no).first().click();
  await expect(operator.see("case-detail").locator("h1")).toHaveText("路灯不亮");
  await operator.look("map-case");
  await other.close();
  await operator.close();
});

test("the signals' inbox and the auditor's ledger", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/signals?state=work");
  await expect(steward.see("signal").first()).toBeVisible();
  await steward.look("signals");
  await steward.close();
  const auditor = await User.signIn(browser, info, "auditor");
  await auditor.see("verify-ledger").click();
  await expect(
    auditor.page.getByText(info.project.metadata.lang === "en" ? /holds/ : /链条完整/),
  ).toBeVisible();
  await auditor.look("auditor");
  await auditor.close();
});
