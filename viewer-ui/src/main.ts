import "./style.css";
import { followTheme } from "./theme.ts";
import { Viewer } from "./viewer.ts";

followTheme();
const viewer = new Viewer(location.search);
document.body.append(viewer.element);
void viewer.start();
