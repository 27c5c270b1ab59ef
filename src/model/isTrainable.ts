import type { StoredParameter } from "./state.ts";

/** Whether training moves it: no statistic, and not frozen. */
export const isTrainable = (parameter: StoredParameter): boolean => parameter.spec.role === "parameter" && !parameter.isFrozen;
