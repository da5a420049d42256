import "weui/dist/style/base/base.min.css";
import "../styles/tokens.css";
import "../styles/parts.css";
import "../styles/agent.css";
import "../sheet";
import { loadSettings } from "../scale";
import "./app";
import type { AgentApp } from "./app";

loadSettings();

// A sign-in token works once and leaves the address bar at once.
const token = decodeURIComponent(location.hash.slice(1)) || null;
if (token) history.replaceState(null, "", location.pathname + location.search);

document.querySelector<AgentApp>("jz-agent")!.begin(token);
addEventListener("hashchange", () => { if (location.hash.length > 20) location.reload(); });
