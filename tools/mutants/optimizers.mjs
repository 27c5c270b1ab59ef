/** Mutants of assembly/optimizers. */
import { rows } from "./place.mjs";

const tests = ["test/optimizers/kernels.test.ts", "test/optimizers/golden.test.ts", "test/optimizers/options.test.ts"];

/** The call of one rule, with a slot or the gradient in another's place. */
const slots = (begin, name, piece, other) => ({ name, find: ` ${begin}`, replace: ` ${begin.replace(piece, other)}` });

export const mutants = rows([
  {
    file: "assembly/optimizers/gradient.ts",
    tests,
    changes: [
      { name: "not scaled by the clip", find: "f32x4.mul(v128.load(g + i), clip)", replace: "v128.load(g + i)" },
      {
        name: "no upper limit",
        find: "f32x4.pmin(f32x4.mul(v128.load(g + i), clip), limit)",
        replace: "f32x4.mul(v128.load(g + i), clip)",
      },
      {
        name: "no lower limit",
        find: "f32x4.pmax(f32x4.pmin(f32x4.mul(v128.load(g + i), clip), limit), lowest)",
        replace: "f32x4.pmin(f32x4.mul(v128.load(g + i), clip), limit)",
      },
      {
        name: "NaN is clipped to the limit",
        find: "f32x4.pmin(f32x4.mul(v128.load(g + i), clip), limit)",
        replace: "f32x4.pmin(limit, f32x4.mul(v128.load(g + i), clip))",
      },
      { name: "no decay", find: "madd(decay, v128.load(w + i), clipped)", replace: "clipped" },
      {
        name: "the decay is clipped too",
        find: "madd(decay, v128.load(w + i), clipped)",
        replace: "f32x4.pmax(f32x4.pmin(madd(decay, v128.load(w + i), clipped), limit), lowest)",
      },
      { name: "isPlain: the clip is overlooked", find: "scale == 1 && ", replace: "" },
      { name: "isPlain: the limit is overlooked", find: "load<f32>(s, UPDATE_LIMIT) == f32.POSITIVE_INFINITY && ", replace: "" },
      { name: "isPlain: the decay is overlooked", find: " && load<f32>(s, UPDATE_DECAY) == 0", replace: "" },
    ],
  },
  {
    file: "assembly/update.ts",
    tests: ["test/optimizers/program.test.ts"],
    changes: [
      {
        name: "not clipped by the norm",
        find: "load<f32>(control, abi.CONTROL_CLIP_SCALE)",
        replace: "<f32>1",
        tests: ["test/model/trajectories.test.ts"],
      },
      { name: "the first stretch alone is clipped", find: "from += STRETCH", replace: "from = end", tests },
      { name: "a stretch reaches into the next share", find: "min(from + STRETCH, end)", replace: "from + STRETCH", tests },
      {
        name: "the rule reads the gradient as it is",
        find: "applyRule(r, clipped, from, to)",
        replace: "applyRule(r, o(r, 1), from, to)",
        tests,
      },
      { name: "clipped in place", find: "const clipped = scratch - from;", replace: "const clipped = o(r, 1);", tests },
      slots("sgd(o(r, 0), g,", "sgd: weights and gradients swapped", "o(r, 0), g", "g, o(r, 0)"),
      slots("sgdMomentum(o(r, 0), g,", "sgdMomentum: weights and gradients swapped", "o(r, 0), g", "g, o(r, 0)"),
      slots("adagrad(o(r, 0), g, o(r, 3),", "adagrad: gradient for sum", "o(r, 3)", "g"),
      slots("adadelta(o(r, 0), g, o(r, 3), o(r, 4),", "adadelta: one slot for both", "o(r, 4)", "o(r, 3)"),
      slots("rmsprop(o(r, 0), g, o(r, 3),", "rmsprop: gradient for mean square", "o(r, 3)", "g"),
      slots("rmspropMomentum(o(r, 0), g, o(r, 3), o(r, 4),", "rmspropMomentum: one slot for both", "o(r, 4)", "o(r, 3)"),
      slots("rmspropCentered(o(r, 0), g, o(r, 3), o(r, 4),", "rmspropCentered: one slot for both", "o(r, 4)", "o(r, 3)"),
      slots(
        "rmspropCenteredMomentum(o(r, 0), g, o(r, 3), o(r, 4), o(r, 5),",
        "rmspropCenteredMomentum: one slot for two",
        "o(r, 5)",
        "o(r, 4)",
      ),
      slots("adam(o(r, 0), g, o(r, 3), o(r, 4),", "adam: one slot for both", "o(r, 4)", "o(r, 3)"),
      slots("adamAmsgrad(o(r, 0), g, o(r, 3), o(r, 4), o(r, 5),", "adamAmsgrad: v for the largest v", "o(r, 5)", "o(r, 4)"),
      slots("adamax(o(r, 0), g, o(r, 3), o(r, 4),", "adamax: one slot for both", "o(r, 4)", "o(r, 3)"),
      slots("nadam(o(r, 0), g, o(r, 3), o(r, 4),", "nadam: one slot for both", "o(r, 4)", "o(r, 3)"),
      {
        ...slots("lion(o(r, 0), g, o(r, 3),", "lion: gradient for mean", "o(r, 3)", "g"),
        tests: ["test/optimizers/options.test.ts", "test/optimizers/update64.test.ts", "test/optimizers/program.test.ts"],
      },
    ],
  },
  {
    file: "assembly/optimizers/sgd.ts",
    tests,
    changes: [
      { name: "sgd: uphill", find: "nmadd(rate, gi,", replace: "madd(rate, gi,", in: "export function sgd(" },
      { name: "sgd: keep dropped", find: "f32x4.mul(keep, wi)", replace: "wi", in: "export function sgd(" },
      {
        name: "sgd: the first vector of a share left out",
        find: "let i = begin;",
        replace: "let i = begin + 16;",
        in: "export function sgd(",
      },
      { name: "sgdMomentum: gain dropped", find: "madd(gain, gi,", replace: "f32x4.add(gi,", in: "export function sgdMomentum(" },
      {
        name: "sgdMomentum: follow and ahead swapped",
        find: "madd(ahead, gi, f32x4.mul(follow, mi))",
        replace: "madd(follow, gi, f32x4.mul(ahead, mi))",
      },
      { name: "sgdMomentum: velocities of denormal size", find: "flush(mi, least)", replace: "mi" },
      { name: "sgdMomentum: the velocity is not stored", find: "v128.store(m + i, flush(mi, least));", replace: "" },
    ],
  },
  {
    file: "assembly/optimizers/adagrad.ts",
    tests,
    changes: [
      { name: "squares are not gathered", find: "madd(gi, gi, v128.load(v + i))", replace: "f32x4.mul(gi, gi)" },
      { name: "eps inside the root dropped", find: "f32x4.add(vi, inside)", replace: "vi" },
      {
        name: "eps outside the root dropped",
        find: "f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps)",
        replace: "f32x4.sqrt(f32x4.add(vi, inside))",
      },
      { name: "sums of denormal size", find: "flush(vi, least)", replace: "vi" },
    ],
  },
  {
    file: "assembly/optimizers/adadelta.ts",
    tests: [...tests, "test/optimizers/adadelta.test.ts"],
    changes: [
      {
        name: "rho and its rest swapped",
        find: "madd(rest, f32x4.mul(gi, gi), f32x4.mul(rho, v128.load(v + i)))",
        replace: "madd(rho, f32x4.mul(gi, gi), f32x4.mul(rest, v128.load(v + i)))",
      },
      { name: "eps dropped above", find: "f32x4.mul(f32x4.add(ui, eps), raise)", replace: "f32x4.mul(ui, raise)" },
      {
        name: "the quotient as it is",
        find: "f32x4.div(f32x4.mul(f32x4.add(ui, eps), raise), f32x4.add(vi, eps))",
        replace: "f32x4.mul(f32x4.div(f32x4.add(ui, eps), f32x4.add(vi, eps)), raise)",
      },
      { name: "gradients where steps are gathered", find: "f32x4.mul(di, di)", replace: "f32x4.mul(gi, gi)" },
      { name: "squares of denormal size", find: "flush(vi, least)", replace: "vi" },
      {
        name: "steps of denormal size",
        find: "flush(madd(rest, f32x4.mul(di, di), f32x4.mul(rho, ui)), least)",
        replace: "madd(rest, f32x4.mul(di, di), f32x4.mul(rho, ui))",
      },
    ],
  },
  {
    file: "assembly/optimizers/rmsprop.ts",
    tests,
    changes: [
      { name: "rmsprop: eps inside dropped", find: "f32x4.add(vi, inside)", replace: "vi", in: "export function rmsprop(" },
      { name: "rmsprop: keep dropped", find: "f32x4.mul(keep, wi)", replace: "wi", in: "export function rmsprop(" },
      { name: "rmsprop: squares of denormal size", find: "flush(vi, least)", replace: "vi", in: "export function rmsprop(" },
      {
        name: "rmspropMomentum: momentum dropped",
        find: "madd(momentum, v128.load(u + i), ",
        replace: "f32x4.add(v128.load(u + i), ",
        in: "export function rmspropMomentum(",
      },
      {
        name: "rmspropMomentum: the velocity is not stored",
        find: "v128.store(u + i, flush(ui, least));",
        replace: "",
        in: "export function rmspropMomentum(",
      },
      { name: "rmspropMomentum: eps inside dropped", find: "f32x4.add(vi, inside)", replace: "vi", in: "export function rmspropMomentum(" },
      { name: "rmspropCentered: not centered", find: "f32x4.sub(gi, mi)", replace: "gi", in: "export function rmspropCentered(" },
      {
        name: "rmspropCentered: the mean is not stored",
        find: "v128.store(m + i, flush(madd(rest, off, mi), least));",
        replace: "",
        in: "export function rmspropCentered(",
      },
      { name: "rmspropCentered: eps inside dropped", find: "f32x4.add(vi, inside)", replace: "vi", in: "export function rmspropCentered(" },
      {
        name: "rmspropCenteredMomentum: the gradient for the velocity",
        find: "nmadd(rate, ui,",
        replace: "nmadd(rate, gi,",
        in: "export function rmspropCenteredMomentum(",
      },
      {
        name: "rmspropCenteredMomentum: means of denormal size",
        find: "flush(madd(rest, off, mi), least)",
        replace: "madd(rest, off, mi)",
        in: "export function rmspropCenteredMomentum(",
      },
      {
        name: "rmspropCenteredMomentum: eps inside dropped",
        find: "f32x4.add(vi, inside)",
        replace: "vi",
        in: "export function rmspropCenteredMomentum(",
      },
      {
        name: "alpha and its rest swapped",
        find: "madd(rest, f32x4.mul(g, g), f32x4.mul(alpha, v))",
        replace: "madd(alpha, f32x4.mul(g, g), f32x4.mul(rest, v))",
      },
      {
        name: "the variance around the mean after the step",
        find: "f32x4.mul(alpha, madd(rest, f32x4.mul(off, off), v))",
        replace: "madd(rest, f32x4.mul(off, off), f32x4.mul(alpha, v))",
      },
    ],
  },
  {
    file: "assembly/optimizers/adam.ts",
    tests,
    changes: [
      {
        name: "adam: beta1 and beta2 swapped",
        find: "f32x4.mul(beta1, v128.load(m + i))",
        replace: "f32x4.mul(beta2, v128.load(m + i))",
        in: "export function adam(",
      },
      {
        name: "adam: the rests of the betas swapped",
        find: "madd(rest2, f32x4.mul(gi, gi),",
        replace: "madd(rest1, f32x4.mul(gi, gi),",
        in: "export function adam(",
      },
      {
        name: "adam: eps dropped",
        find: "madd(f32x4.sqrt(vi), vScale, eps)",
        replace: "f32x4.mul(f32x4.sqrt(vi), vScale)",
        in: "export function adam(",
      },
      {
        name: "adam: v is not corrected",
        find: "madd(f32x4.sqrt(vi), vScale, eps)",
        replace: "f32x4.add(f32x4.sqrt(vi), eps)",
        in: "export function adam(",
      },
      {
        name: "adam: uphill",
        find: "f32x4.sub(f32x4.mul(keep, wi), step)",
        replace: "f32x4.add(f32x4.mul(keep, wi), step)",
        in: "export function adam(",
      },
      { name: "adam: keep dropped", find: "f32x4.mul(keep, wi)", replace: "wi", in: "export function adam(" },
      { name: "adam: moments of denormal size", find: "flush(mi, least)", replace: "mi", in: "export function adam(" },
      { name: "adam: second moments of denormal size", find: "flush(vi, least)", replace: "vi", in: "export function adam(" },
      {
        name: "adamAmsgrad: the latest v, not the largest",
        find: "f32x4.pmax(vi, v128.load(u + i))",
        replace: "vi",
        in: "export function adamAmsgrad(",
      },
      {
        name: "adamAmsgrad: the largest is not used",
        find: "f32x4.sqrt(ui)",
        replace: "f32x4.sqrt(vi)",
        in: "export function adamAmsgrad(",
      },
      {
        name: "adamAmsgrad: v takes the largest",
        find: "v128.store(v + i, flush(vi, least))",
        replace: "v128.store(v + i, flush(ui, least))",
        in: "export function adamAmsgrad(",
      },
      { name: "adamAmsgrad: keep dropped", find: "f32x4.mul(keep, wi)", replace: "wi", in: "export function adamAmsgrad(" },
    ],
  },
  {
    file: "assembly/optimizers/adamax.ts",
    tests,
    changes: [
      {
        name: "the sum for the largest",
        find: "f32x4.pmax(f32x4.add(",
        replace: "f32x4.add(f32x4.add(",
        in: "export function adamax(",
      },
      {
        name: "the largest does not decay",
        find: "f32x4.mul(beta2, v128.load(v + i))",
        replace: "v128.load(v + i)",
        in: "export function adamax(",
      },
      { name: "eps dropped", find: "f32x4.add(f32x4.abs(gi), eps)", replace: "f32x4.abs(gi)" },
      { name: "the gradient's sign kept", find: "f32x4.abs(gi)", replace: "gi" },
    ],
  },
  {
    file: "assembly/optimizers/nadam.ts",
    tests,
    changes: [
      { name: "no look ahead", find: "madd(ahead, gi, f32x4.mul(rate, mi))", replace: "f32x4.mul(rate, mi)" },
      { name: "beta1 and beta2 swapped", find: "f32x4.mul(beta2, v128.load(v + i))", replace: "f32x4.mul(beta1, v128.load(v + i))" },
      { name: "moments of denormal size", find: "flush(mi, least)", replace: "mi" },
    ],
  },
  {
    file: "assembly/optimizers/lion.ts",
    tests,
    changes: [
      {
        name: "beta1 and beta2 swapped in the mean",
        find: "flush(madd(rest2, gi, f32x4.mul(beta2, mi)), least)",
        replace: "flush(madd(rest1, gi, f32x4.mul(beta1, mi)), least)",
      },
      { name: "the sign of the mean alone", find: "sign(madd(rest1, gi, f32x4.mul(beta1, mi)))", replace: "sign(mi)" },
      { name: "sign(0) is 1", find: "v128.and(one, f32x4.ne(x, f32x4.splat(0)))", replace: "one" },
      {
        name: "sign(NaN) is 1",
        find: "v128.or(v128.and(one, f32x4.ne(x, f32x4.splat(0))), f32x4.ne(x, x))",
        replace: "v128.and(one, f32x4.ne(x, f32x4.splat(0)))",
      },
      {
        name: "means of denormal size",
        find: "flush(madd(rest2, gi, f32x4.mul(beta2, mi)), least)",
        replace: "madd(rest2, gi, f32x4.mul(beta2, mi))",
      },
    ],
  },
]);
