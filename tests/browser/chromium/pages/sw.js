import { serve } from "/haversack/src/service-worker.js";

const query = new URL(self.location.href).searchParams;
serve({
  name: query.get("name") ?? "served",
  offline: query.has("offline"),
  llm: query.has("host") ? { env: { LLM_PROVIDER: "host" } } : undefined,
});
