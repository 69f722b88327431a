// The address library as its stewards use it: the suggestion box, changes with effects and undo, corrections that travel.
import { gunzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import { User, url } from "./driver";

const box = (page: Page, name: string) =>
  page.locator(`[data-test=${name}] input, input[data-test=${name}]`).first();

async function csrf(page: Page): Promise<string> {
  return page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).csrf);
}

test("an address is found by keyboard alone, in letters, pinyin and initials", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/places?tab=tree");
  const input = box(steward.page, "place-search");
  const first = steward.page.locator("[data-test=suggestion]:visible").first();
  for (const [typed, ending] of [
    ["dhhy", "东湖花园"],
    ["donghuhua", "东湖花园"],
    ["东湖花", "东湖花园"],
    ["dhhy3-1", "东湖花园3栋1单元"],
  ] as const) {
    await input.focus();
    await steward.page.keyboard.press("ControlOrMeta+a");
    await steward.page.keyboard.type(typed, { delay: 30 });
    await expect(first).toContainText(ending);
  }
  await steward.look("suggest");
  // Down and up again, then Enter: no mouse was needed.
  await steward.page.keyboard.press("ArrowDown");
  await steward.page.keyboard.press("ArrowUp");
  await steward.page.keyboard.press("Enter");
  await expect(steward.page).toHaveURL(/\/places\/[0-9a-f-]{36}/);
  await expect(steward.see("card").locator("h2")).toHaveText("1单元");
  await input.focus();
  await steward.page.keyboard.press("ControlOrMeta+a");
  await steward.page.keyboard.type("qqqq");
  await expect(steward.page.locator("[data-test=no-suggestion]:visible")).toBeVisible();
  await steward.page.keyboard.press("Enter");
  await expect(steward.see("card").locator("h2"), "what matches nothing chooses nothing").toHaveText("1单元");
  await steward.close();
});

test("while an input method composes nothing is asked and Enter is its own", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/places?tab=tree");
  const asked: string[] = [];
  steward.page.on("request", (request) => {
    const to = new URL(request.url());
    if (to.pathname === "/api/v1/places/suggest") asked.push(to.searchParams.get("q") ?? "");
  });
  await box(steward.page, "place-search").focus();
  const keyboard = await steward.context.newCDPSession(steward.page);
  for (const text of ["d", "do", "dong", "dong hu", "dong hu hua"]) {
    await keyboard.send("Input.imeSetComposition", {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
    await steward.page.waitForTimeout(200);
  }
  expect(asked, "half a word is no question").toEqual([]);
  await keyboard.send("Input.insertText", { text: "东湖花" });
  const first = steward.page.locator("[data-test=suggestion]:visible").first();
  await expect(first).toContainText("东湖花园");
  expect(asked).toEqual(["东湖花"]);
  await steward.close();
});

test("a change tells what it touches, is made, and is taken back", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  const name = `二号楼${info.project.name.length}${info.project.metadata.lang}`;
  const answer = await steward.page.request.get(
    `${url()}/api/v1/places/suggest?q=${encodeURIComponent("南桥小区2栋")}`,
  );
  const building = (await answer.json()).find((place: { kind: string }) => place.kind === "building");
  await steward.go(`/places/${building.id}?tab=tree`);
  await steward.see("edit-rename").click();
  await box(steward.page, "edit-name").fill(name);
  await expect(steward.see("effects")).toContainText(/[1-9]\d* (人|people)/);
  await steward.look("edit-effects");
  await steward.see("edit-save").click();
  await expect(steward.see("saved")).toBeVisible();
  await expect(steward.see("card").locator("h2")).toHaveText(name);
  await steward.see("undo").click();
  await expect(steward.see("card").locator("h2")).toHaveText(building.name);
  await steward.see("tab-changes").click();
  await expect(steward.see("edit").first()).toBeVisible();
  await steward.look("edit-log");
  await steward.close();
});

test("an outline is drawn on the map", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  const top = await steward.page.request.get(`${url()}/api/v1/places?kind=compound&limit=5`);
  const compound = (await top.json()).items.at(-1);
  const outline = async () =>
    (await steward.page.request.get(`${url()}/api/v1/places/${compound.id}/outline`)).json();
  const before = await outline();
  await steward.go(`/places/${compound.id}?tab=tree`);
  await steward.see("edit-draw").click();
  const map = steward.page.locator(".el-dialog [data-test=map][data-ready='1']");
  await expect(map).toBeVisible({ timeout: 30_000 });
  await steward.page.waitForTimeout(800);
  await steward.see("draw-again").click();
  const area = (await map.boundingBox())!;
  for (const [x, y] of [
    [0.3, 0.25],
    [0.7, 0.25],
    [0.6, 0.7],
    [0.3, 0.25],
  ] as const) {
    await steward.page.mouse.click(area.x + area.width * x, area.y + area.height * y);
    await steward.page.waitForTimeout(350);
  }
  await expect(steward.see("edit-save")).toBeEnabled();
  await steward.look("edit-outline");
  await steward.see("edit-save").click();
  await expect(steward.see("saved")).toBeVisible();
  const drawn = await outline();
  expect(drawn.type).toMatch(/Polygon$/);
  expect(JSON.stringify(drawn)).not.toBe(JSON.stringify(before));
  await steward.see("undo").click();
  await expect(steward.see("saved")).toHaveCount(0);
  expect(JSON.stringify(await outline())).toBe(JSON.stringify(before));
  await steward.close();
});

test("a worker's ticket, accepted, is what the next push matches, and stands in the feed of changes", async ({
  browser,
}, info) => {
  const n = info.config.projects.findIndex((project) => project.name === info.project.name);
  const name = `${3100 + n}室`;
  const worker = await User.signIn(browser, info, "grid_worker");
  await worker.go("/today");
  await worker.see("task").first().click();
  await worker.see("wrong-missing").click();
  await box(worker.page, "right-name").fill(name);
  await worker.see("send-correction").click();
  await expect(worker.page.locator(".el-message--success")).toBeVisible();
  await worker.close();

  const steward = await User.signIn(browser, info, "steward");
  const changes = async (since: number) =>
    (await steward.page.request.get(`${url()}/api/v1/places/changes?since=${since}&limit=5000`)).json();
  let since = 0;
  for (let page = await changes(0); ; page = await changes(since)) {
    since = page.next;
    if (!page.more) break;
  }
  await steward.go("/places?tab=inbox");
  await expect(steward.see("compare")).toBeVisible();
  for (let i = 0; i < 60 && !(await steward.see("proposed").textContent())?.includes(name); i += 1) {
    await steward.page.keyboard.press("j");
    await steward.page.waitForTimeout(150);
  }
  await expect(steward.see("proposed")).toHaveText(name);
  await steward.look("inbox-causes");
  await steward.page.keyboard.press("a");
  await expect(steward.page.locator(".el-message--success")).toBeVisible();

  const feed = await changes(since);
  const added = feed.changes.find((change: { place: { name: string } }) => change.place.name === name);
  expect(added.place.status).toBe("in_use");

  const admin = await User.signIn(browser, info, "administrator");
  const door = added.place.address.replace(/^.*?(路|街|大道)\d+号/, "").replace("栋", "幢");
  const table = `户号,地址,统计日期\nP-${info.project.name},${door},2026-02-01\n`;
  const pushed = await admin.page.request.post(`${url()}/api/v1/feeds/zero-use-list/push?format=csv`, {
    headers: { "x-csrf-token": await csrf(admin.page) },
    data: table,
  });
  const done = await pushed.json();
  expect([done.signals, done.unmatched], `${door} is matched: ${JSON.stringify(done)}`).toEqual([1, 0]);
  await admin.close();
  await steward.close();
});

test("a permit for a building that the library lacks is accepted with one key and its rooms are asked for next", async ({
  browser,
}, info) => {
  const n = info.config.projects.findIndex((project) => project.name === info.project.name);
  const steward = await User.signIn(browser, info, "steward");
  const feed = await (await steward.page.request.get(`${url()}/api/v1/places/changes?limit=5000`)).json();
  const compound = feed.changes.find(
    (one: { place: { kind: string; status: string } }) =>
      one.place.kind === "compound" && one.place.status === "in_use",
  ).place;
  const admin = await User.signIn(browser, info, "administrator");
  const table = `number,address,kind,issued\nMP-${n}-1,${compound.address}${80 + n}幢2单元101室,核发,2026-02-01\nMP-${n}-2,,核发,2026-02-01\n`;
  const answer = await admin.page.request.post(`${url()}/api/v1/feeds/address-permits/push?format=csv`, {
    headers: { "x-csrf-token": await csrf(admin.page) },
    data: table,
  });
  const done = await answer.json();
  expect([done.accepted, done.corrections, done.rejected_count], JSON.stringify(done)).toEqual([1, 1, 1]);
  await admin.close();

  await steward.go("/places?tab=inbox");
  for (const name of [`${80 + n}栋`, "2单元", "101室"]) {
    // The level below is asked for as soon as the one above is there.
    await expect(async () => {
      await steward.go("/places?tab=inbox");
      await expect(steward.see("compare")).toBeVisible();
      for (let i = 0; i < 80; i += 1) {
        const shown = steward.page.locator('[data-test="permits"]');
        if ((await shown.count()) && (await shown.textContent())?.includes(`MP-${n}-1`)) break;
        await steward.page.keyboard.press("j");
        await steward.page.waitForTimeout(100);
      }
      await expect(steward.see("permits")).toContainText(`MP-${n}-1`);
      await expect(steward.see("proposed")).toHaveText(name);
    }).toPass({ timeout: 60_000 });
    if (name.endsWith("栋")) await steward.look("permit");
    await steward.page.keyboard.press("a");
    await expect(steward.page.locator(".el-message--success").first()).toBeVisible();
  }
  await steward.close();
});

test("the rules are looked through and what breaks them is listed", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/places?tab=quality");
  await steward.see("check-quality").click();
  await expect(steward.page.locator(".el-message--success")).toBeVisible();
  await expect(steward.see("rule")).toHaveCount(6);
  await steward.look("quality");
  await steward.close();
});

test("the library is taken out as a file and day by day", async ({ browser }, info) => {
  const steward = await User.signIn(browser, info, "steward");
  await steward.go("/places?tab=export");
  await expect(async () => {
    await steward.page.reload();
    await expect(steward.see("export-day").first()).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 90_000 });
  await steward.look("exports");
  const href = await steward.see("export-day").first().getByRole("link").first().getAttribute("href");
  const whole = await steward.page.request.get(`${url()}${href}`);
  expect(whole.headers()["content-type"]).toBe("application/gzip");
  const text = gunzipSync(await whole.body()).toString("utf8");
  expect(text.split("\n")[0]).toContain("code,kind,parent,name,address");
  const now = await steward.page.request.get(`${url()}/api/v1/places/export?format=csv`);
  expect((await now.text()).split("\n")[0]).toBe(text.split("\n")[0]);
  await steward.close();
});
