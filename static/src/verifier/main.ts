import "../styles/tokens.css";
import "../styles/parts.css";
import "./verifier.css";
import { Page } from "./page";

new Page(document.getElementById("verifier") as HTMLElement).start();
