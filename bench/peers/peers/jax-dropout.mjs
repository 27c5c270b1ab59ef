import { openJax } from "./jax.mjs";

export const open = () => openJax(true);
