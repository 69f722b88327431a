import { chromium } from "@playwright/test";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
for (const spec of process.argv.slice(2)) {
  const [role, path, size, name, lang = "zh-CN", ...acts] = spec.split("|");
  const viewport = size === "phone" ? { width: 390, height: 844 } : { width: 1440, height: 900 };
  const context = await browser.newContext({ viewport });
  await context.addInitScript((l) => localStorage.setItem("language", l), lang);
  const page = await context.newPage();
  page.on("pageerror", (e) => console.log("PAGEERROR", e.message));
  page.on("console", (m) => m.type() === "error" && console.log("CONSOLE", m.text().slice(0, 300)));
  await page.goto("http://127.0.0.1:8090/sign-in");
  await page.locator(`[data-test=demo-${role}]`).click();
  await page.waitForURL((to) => !to.pathname.startsWith("/sign-in"));
  await page.goto(`http://127.0.0.1:8090${path}`);
  await page.waitForTimeout(1500);
  const n = 0;
  for (const act of acts) {
    const [verb, what, value] = act.split("=>");
    if (verb === "click") await page.locator(what).first().click({ timeout: 5000 });
    if (verb === "type") {
      await page.locator(what).first().click();
      await page.keyboard.type(value, { delay: 40 });
    }
    if (verb === "press") await page.keyboard.press(what);
    if (verb === "wait") await page.waitForTimeout(Number(what));
    if (verb === "clickat") {
      const b = await page.locator(what).first().boundingBox();
      const [fx, fy] = value.split(",").map(Number);
      await page.mouse.click(b.x + b.width * fx, b.y + b.height * fy);
    }
    if (verb === "shot") await page.screenshot({ path: `/tmp/shots/${name}-${what}.png` });
    await page.waitForTimeout(500);
  }
  await page.screenshot({ path: `/tmp/shots/${name}.png` });
  await context.close();
}
await browser.close();
