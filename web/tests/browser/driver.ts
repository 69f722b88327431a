// Drivers in the words of the user.
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, expect, type Page, type TestInfo } from "@playwright/test";

export const url = () => process.env.GRIDWEAVE_TEST_URL!;

export class User {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly info: TestInfo,
  ) {}

  static async signIn(browser: Browser, info: TestInfo, role: string): Promise<User> {
    const { lang } = info.project.metadata;
    const context = await browser.newContext({
      viewport: info.project.use.viewport,
      geolocation: { longitude: 114.2015, latitude: 30.4513 },
      permissions: ["geolocation"],
    });
    await context.addInitScript((language) => localStorage.setItem("language", language), lang);
    const page = await context.newPage();
    const user = new User(page, context, info);
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(`${url()}/sign-in`);
    await page.locator(`[data-test=demo-${role}]`).click();
    await page.waitForURL((to) => !to.pathname.startsWith("/sign-in"));
    return user;
  }

  go(path: string) {
    return this.page.goto(`${url()}${path}`);
  }

  see(name: string) {
    return this.page.locator(`[data-test=${name}]`);
  }

  /** Checks the page for accessibility and leaves a picture. */
  async look(name: string) {
    await this.page.waitForTimeout(400);
    const folder = process.env.GRIDWEAVE_TEST_SHOTS ?? "../target/screenshots";
    await this.page.screenshot({ path: `${folder}/${this.info.project.name}/${name}.png` });
    const found = await new AxeBuilder({ page: this.page })
      .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
      .exclude(".maplibregl-map")
      // Element Plus points aria-controls at a list that it draws only when open.
      .exclude(".el-autocomplete input")
      // Nor has its list of suggestions the roles of one while it is open.
      .exclude(".place-suggest")
      .analyze();
    const brief = found.violations.map(
      (v) =>
        `${v.id}: ${v.nodes
          .slice(0, 3)
          .map((n) => n.html.slice(0, 160))
          .join(" | ")}`,
    );
    expect(brief, `${name} is accessible`).toEqual([]);
  }

  close() {
    return this.context.close();
  }
}
