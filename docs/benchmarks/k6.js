// One URL, as fast as so many connections go, or at a rate.
import http from "k6/http";

const rate = Number(__ENV.RATE || 0);
const connections = Number(__ENV.CONNECTIONS);
const load = rate > 0
  ? { executor: "constant-arrival-rate", rate, preAllocatedVUs: connections, maxVUs: connections }
  : { executor: "constant-vus", vus: connections };

export const options = {
  scenarios: { load: { ...load, duration: `${__ENV.SECONDS}s` } },
  discardResponseBodies: true,
  summaryTrendStats: ["med", "p(90)", "p(99)"],
};

export default () => { http.get(__ENV.URL); };

export const handleSummary = (data) => ({ stdout: JSON.stringify(data.metrics) });
