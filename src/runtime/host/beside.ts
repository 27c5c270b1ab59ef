/**
 * Where the package's code lies. A file of its own, which nothing names in a way that bundlers see: they would write the place where
 * they ran into a page, or stumble over import.meta where a module becomes a script.
 */
export const here: string = import.meta.url;
