import "@tensorflow/tfjs-backend-cpu";
import { openBackend } from "./tfjs.mjs";

export const open = () => openBackend("cpu");
