import "weui/dist/style/base/base.min.css";
import "../styles/tokens.css";
import "../styles/parts.css";
import "../styles/customer.css";
import "../sheet";
import { loadSettings } from "../scale";
import "./app";
import type { CustomerApp } from "./app";

loadSettings();

// The token leaves the address bar before anything else runs: no history entry, screenshot or shared address keeps it.
const token = decodeURIComponent(location.hash.slice(1)) || null;
if (token) history.replaceState(null, "", location.pathname + location.search);

document.querySelector<CustomerApp>("jz-customer")!.begin(token);
// A second link opened in the same tab changes only the fragment, which does not reload the page.
addEventListener("hashchange", () => { if (location.hash.length > 20) location.reload(); });
