/**
 * x. What is computed before it stays before what comes after: Binaryen moves a value that is used once to where it is used, and V8
 * emits what it is given, so that a run of turns would need the registers of all of them at once. For hot loops only.
 * To the compiler a call of which it knows nothing; tools/in-order.mjs takes all of them out of the binary, to which none is left.
 */
// @ts-ignore: decorator
@external("build", "inOrder")
export declare function inOrder(x: v128): v128;
