/**
 * The largest of each run of `pieces` neighbours (maxout, Goodfellow et al. 2013), and its gradient. Not the product before it.
 * x, dx: f32[rows, cols, pieces], y, dy: f32[rows, cols], all 4-byte aligned and contiguous. begin, end: rows; nothing else is
 * written. Scalar: the product that makes x costs `inner` multiply-adds for each comparison here.
 */

/** y = max over the pieces; a NaN among them stays one. = */
export function maxPieces(x: usize, y: usize, cols: u32, pieces: u32, begin: u32, end: u32): void {
  let from = x + ((<usize>begin * cols * pieces) << 2);
  const last = y + ((<usize>end * cols) << 2);
  for (let to = y + ((<usize>begin * cols) << 2); to < last; to += 4) {
    let best = load<f32>(from);
    for (let k: u32 = 1; k < pieces; k++) best = max<f32>(best, load<f32>(from + (<usize>k << 2)));
    store<f32>(to, best);
    from += <usize>pieces << 2;
  }
}

/** dx = dy at the first largest piece, 0 at the others. = */
export function maxPiecesGrad(dy: usize, x: usize, dx: usize, cols: u32, pieces: u32, begin: u32, end: u32): void {
  let at = (<usize>begin * cols * pieces) << 2;
  const last = dy + ((<usize>end * cols) << 2);
  for (let from = dy + ((<usize>begin * cols) << 2); from < last; from += 4) {
    let best = load<f32>(x + at);
    let first: u32 = 0;
    for (let k: u32 = 1; k < pieces; k++) {
      const value = load<f32>(x + at + (<usize>k << 2));
      if (value > best) {
        best = value;
        first = k;
      }
    }
    for (let k: u32 = 0; k < pieces; k++) store<f32>(dx + at + (<usize>k << 2), k == first ? load<f32>(from) : 0);
    at += <usize>pieces << 2;
  }
}
