// The real program on a free port over a fresh demonstration city.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default async function start() {
  const program =
    process.env.GRIDWEAVE_TEST_BIN ?? join(import.meta.dirname, "../../../target/debug/gridweave");
  const data = mkdtempSync(join(tmpdir(), "gridweave-browser-"));
  execFileSync(program, ["city", "simulate", "--households", "800", "--days", "60", "--data", data], {
    stdio: "ignore",
  });
  const server = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--data", data], {
    env: { ...process.env, GRIDWEAVE_DEMO: "true", GRIDWEAVE_SECURE_COOKIES: "false" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const line = await new Promise<string>((told, failed) => {
    server.stdout.once("data", (bytes) => told(String(bytes)));
    server.once("exit", (code) => failed(new Error(`the server ended with ${code}`)));
  });
  // Browsers treat localhost as a secure place, so that service workers and positions work.
  process.env.GRIDWEAVE_TEST_URL = line.trim().split(" ").pop()!.replace("127.0.0.1", "localhost");
  return () => {
    server.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  };
}
