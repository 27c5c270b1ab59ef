/**
 * The one file that both languages read: op codes, record, control and scalar offsets, as integer literals.
 *
 * Short names used in kernels and nowhere else explained: x y z w b g m v s for arrays, d* for gradients, rows cols inner
 * for extents, mr nr kc mc nc for blocks, i j k for indices, p for an activation's parameter.
 */

// A record is one op of a step program, 128 bytes:
//   +0  code    +4  flags (bit 0: all ranks meet before it)    +8  ranks that take part (1 = rank 0 alone)
//   +12 parts of each rank's share (a power of two; others take what a rank has not come to), 0 = a fixed share each
//   +16 ten operands: byte addresses (0 = absent)
//   +56 ten sizes: counts; with SIZE_PER_ROW set, the count is multiplied by the rows of this batch
//   +96 eight f32 constants
export const RECORD_BYTES = 128;
export const RECORD_CODE = 0;
export const RECORD_FLAGS = 4;
export const RECORD_RANKS = 8;
export const RECORD_PARTS = 12;
export const RECORD_OPERANDS = 16;
export const RECORD_SIZES = 56;
export const RECORD_CONSTANTS = 96;
export const MAX_OPERANDS = 10;
export const MAX_SIZES = 10;
export const MAX_CONSTANTS = 8;
export const FLAG_BARRIER = 1;
export const SIZE_PER_ROW = 0x80000000;

// The first line of memory is never used: address 0 means "absent". After it lie the binary's vector constants (tools/pool-constants.mjs),
// which whoever makes the memory copies there from the binary's custom section "constants".
export const CONSTANTS = 64;
export const CONSTANTS_BYTES = 960;

// The control block: what changes from step to step. The facade writes it before a call and reads results after it.
export const CONTROL_ROWS = 0; // u32: rows of this batch
export const CONTROL_STATUS = 4; // u32: STATUS_* of the last run
export const CONTROL_LOSS = 8; // f32: weighted mean of the row losses
export const CONTROL_INVERSE_WEIGHT = 12; // f32: 1 / sum of the row weights
export const CONTROL_CLIP_MAX = 16; // f32: largest allowed norm of the gradients
export const CONTROL_CLIP_SCALE = 20; // f32: min(1, max / (norm + 1e-6)), written by the guard
export const CONTROL_GRADIENT_NORM = 24; // f32: norm of all gradients together
export const CONTROL_PENALTY = 28; // f32: value of the penalties
export const CONTROL_INDICES = 32; // u32: address of the u32 row numbers of this batch
export const CONTROL_SEED_LOW = 36; // u32
export const CONTROL_SEED_HIGH = 40; // u32
export const CONTROL_RUN = 44; // u32: number of the fit
export const CONTROL_STEP = 48; // u32: step within the run
export const CONTROL_SCRATCH = 52; // u32: address of rank 0's scratch; rank r's is SCRATCH_STRIDE * r further
export const CONTROL_SHARE = 56; // f32: share of this batch in the mean gradient of the batches so far; 1 for the first
export const CONTROL_BYTES = 64;

export const STATUS_OK = 0;
export const STATUS_NOT_FINITE = 1;
export const STATUS_LOST = 2; // a rank did not come to a barrier; memory may hold anything

// The team block: how the ranks of a runtime find a job, meet, and notice that one is lost. Every word that two ranks
// touch is atomic; what different ranks write lies on different 64-byte lines.
//   +0    the job: its number is the futex word on which parked workers sleep
//   +64   the barrier
//   +128  a line per rank: its heartbeat, raised before every record, and the parts taken of its shares
export const TEAM_JOB = 0; // u32: number of the job
export const TEAM_JOB_SLEEPERS = 4; // u32: workers asleep until the next one
export const TEAM_QUIT = 8; // u32: 1 = workers leave
export const TEAM_LOST = 12; // u32: 1 = a rank was lost; everybody leaves
export const TEAM_RECORDS = 16;
export const TEAM_CONTROL = 20;
export const TEAM_FROM = 24;
export const TEAM_TO = 28;
export const TEAM_RANKS = 32; // u32: ranks that do this job
export const TEAM_CALLER_SLEEPS = 36; // u32: 1 = rank 0 may sleep on a futex (a page's main thread may not)
export const TEAM_SPINS_PER_TICK = 40; // u32: turns of a spinning rank 0 that last about a tick of 100 ms
export const TEAM_SPINS = 44; // u32: turns of a wait before it sleeps
export const TEAM_ARRIVED = 64; // u32: ranks that wait at the barrier
export const TEAM_MEETING = 68; // u32: number of the barrier, its futex word
export const TEAM_MEETING_SLEEPERS = 72; // u32
export const TEAM_HEARTBEATS = 128;
export const TEAM_HEARTBEAT_STRIDE = 64;
export const TEAM_CLAIMS = 4; // u32, from the rank's heartbeat: parts of its shares in this job's ops so far that were taken
export const MAX_RANKS = 64;
export const TEAM_BYTES = 4224;

// Activations: kinds for activation(), activationGrad() and the epilogue of matmul.
export const ACTIVATION_NONE = 0;
export const ACTIVATION_RELU = 1;
export const ACTIVATION_LEAKY_RELU = 2;
export const ACTIVATION_ELU = 3;
export const ACTIVATION_SELU = 4;
export const ACTIVATION_GELU = 5;
export const ACTIVATION_GELU_TANH = 6;
export const ACTIVATION_SILU = 7;
export const ACTIVATION_SOFTPLUS = 8;
export const ACTIVATION_SIGMOID = 9;
export const ACTIVATION_TANH = 10;
export const ACTIVATION_SOFTSIGN = 11;
export const ACTIVATION_MISH = 12;
export const ACTIVATION_HARDTANH = 13;
export const ACTIVATION_RELU6 = 14;

// Blocking of the matrix product, in elements; see kernels/gemm/blocking.ts for the reasons.
export const GEMM_NR = 8;
export const GEMM_KC = 512;
// All of a, packed, in a product that packs b itself: 256 rows of a block of inner, half of a second cache of 1 MB.
export const WHOLE_A_BYTES = 524288;
// Per rank: b of a small product; a packed group of rows of a, or all of them and panels of b, and, at the end, a tile of the edge;
// a stretch of clipped gradients; what a dropout draws.
export const SCRATCH_BYTES = 656384;
export const SCRATCH_STRIDE = 656512; // the scratch and a product's descriptor before it
// Sums over rows of parameters and gradients are made of partial sums over pieces of this many elements.
export const PIECE = 4096;

// Scalars of an update, f32, at offsets from the address that an optimizer's record carries. The first ones are common.
export const UPDATE_KEEP = 0; // factor on the parameters: 1, or 1 - decoupled decay
export const UPDATE_DECAY = 4; // L2 in the gradient, after the clip
export const UPDATE_LIMIT = 8; // clip by value: gradients are held within +-limit
export const UPDATE_RATE = 12; // learning rate, or the step size with bias correction folded in
export const UPDATE_FIRST = 16; // where an optimizer's own scalars begin
export const UPDATE_LEAST = 56; // 2^-126: slots below it become 0
export const UPDATE_LEARNING_RATE = 60; // the rate itself, with nothing folded in
export const UPDATE_BYTES = 64;

// A matrix product's descriptor: y[rows, cols] = a[rows, inner] · b[inner, cols] (+ bias) (then the epilogue). 64 bytes: the
// operands and sizes of its record, in their order, with P among them.
export const PRODUCT_A = 0; // address of a(0, 0)
export const PRODUCT_B = 4; // address of packed panels (matmul) or of b(0, 0) (matmulFew, matmulSmall)
export const PRODUCT_BIAS = 8; // f32[cols], or 0
export const PRODUCT_Y = 12; // f32[rows, cols], contiguous
export const PRODUCT_Z = 16; // f32[rows, cols] for the value before the activation, or 0
export const PRODUCT_MASK = 20; // f32[rows, cols] that y is multiplied by, or 0
export const PRODUCT_T = 24; // f32[rows, cols] or 0; if not 0, y is then multiplied by the activation's gradient at t, in place of applying it
export const PRODUCT_P = 28; // f32: the activation's parameter
export const PRODUCT_ROWS = 32;
export const PRODUCT_COLS = 36;
export const PRODUCT_INNER = 40;
export const PRODUCT_A_ROW = 44; // bytes from a(i, k) to a(i + 1, k)
export const PRODUCT_A_INNER = 48; // bytes from a(i, k) to a(i, k + 1)
export const PRODUCT_B_INNER = 52; // bytes from b(k, j) to b(k + 1, j); not read by matmul
export const PRODUCT_B_COL = 56; // bytes from b(k, j) to b(k, j + 1); not read by matmul
export const PRODUCT_ACTIVATION = 60; // ACTIVATION_*

// Op codes of the step program. src/program/ops.ts has a row for each; interpreter.ts a case.
export const OP_GATHER_ROWS = 1;
export const OP_PACK_B = 2;
export const OP_MATMUL = 3;
export const OP_MATMUL_FEW = 4;
export const OP_ACTIVATION = 5;
export const OP_ACTIVATION_GRAD = 6;
export const OP_SOFTMAX = 7;
export const OP_SOFTMAX_GRAD = 8;
export const OP_LOG_SOFTMAX = 9;
export const OP_LOG_SOFTMAX_GRAD = 10;
export const OP_DROPOUT = 11;
export const OP_ADD = 12;
export const OP_MULTIPLY = 13;
export const OP_COLUMN_SUM = 14;
export const OP_COLUMN_MOMENTS = 15;
export const OP_COLUMN_INVERSE = 16;
export const OP_NORMALIZE_COLUMNS = 17;
export const OP_NORMALIZE_COLUMNS_SUMS = 18;
export const OP_NORMALIZE_COLUMNS_GRAD = 19;
export const OP_BLEND_STATISTICS = 20;
export const OP_COLUMN_SCALE = 21;
export const OP_SCALE_ROWS = 22;
export const OP_FOLD_BIAS = 23;
export const OP_WEIGHT_TOTAL = 24;
export const OP_SOFTMAX_CROSS_ENTROPY_LABELS = 25;
export const OP_SOFTMAX_CROSS_ENTROPY_TARGETS = 26;
export const OP_SQUARED_ERROR = 27;
export const OP_ABSOLUTE_ERROR = 28;
export const OP_BINARY_CROSS_ENTROPY = 29;
export const OP_LOSS_MEAN = 30;
export const OP_PENALTY_GRAD = 31;
export const OP_POWER_PENALTY_GRAD = 92;
export const OP_PENALTY_SUM = 32;
export const OP_SQUARE_SUMS = 33;
export const OP_GUARD = 34;
export const OP_SCALE_TO_NORM = 90;
export const OP_LIMIT_ROW_NORMS = 91;
export const OP_ACCUMULATE = 94;
export const OP_SOFT_THRESHOLD = 93;
export const OP_FINITE_SUMS = 35;
export const OP_SGD = 40;
export const OP_SGD_MOMENTUM = 41;
export const OP_ADAGRAD = 42;
export const OP_ADADELTA = 43;
export const OP_RMSPROP = 44;
export const OP_RMSPROP_MOMENTUM = 45;
export const OP_RMSPROP_CENTERED = 46;
export const OP_RMSPROP_CENTERED_MOMENTUM = 47;
export const OP_ADAM = 48;
export const OP_ADAM_AMSGRAD = 49;
export const OP_ADAMAX = 50;
export const OP_NADAM = 51;
export const OP_LION = 52;
export const OP_PRELU = 60;
export const OP_PRELU_GRAD = 61;
export const OP_PRELU_SUMS = 62;
export const OP_PIECE_TOTAL = 63;
export const OP_MAX_PIECES = 64;
export const OP_MAX_PIECES_GRAD = 65;
export const OP_NORMALIZE_ROWS = 66;
export const OP_NORMALIZE_ROWS_SUMS = 67;
export const OP_NORMALIZE_ROWS_GRAD = 68;
export const OP_SKIP = 69;
export const OP_FILL = 70;
export const OP_COMBINE = 71;
export const OP_COPY_COLUMNS = 72;
export const OP_ALPHA_DROPOUT = 73;
export const OP_GAUSSIAN_NOISE = 74;
export const OP_HUBER_ERROR = 75;
export const OP_LOG_COSH_ERROR = 76;
export const OP_HINGE_ERROR = 77;
export const OP_KL_DIVERGENCE = 78;
export const OP_MULTI_MARGIN = 79;
export const OP_NORM_ERROR = 80;
export const OP_CHANNEL_MOMENTS = 100;
export const OP_NORMALIZE_CHANNELS = 101;
export const OP_NORMALIZE_CHANNELS_SUMS = 102;
export const OP_NORMALIZE_CHANNELS_GRAD = 103;
export const OP_MATMUL_SMALL = 104;
export const OP_MATMUL_PACKING = 105;

// The scalars of each rule, after the common ones. A _REST is 1 minus its factor, rounded once from float64:
// 1 - fround(0.999) misses 0.001 by 1.3e-5, which the first steps would show.
export const SGD_MOMENTUM = 16; // factor on the velocity
export const SGD_GAIN = 20; // factor on the gradient that joins the velocity: 1 at step 0, then 1 - dampening
export const SGD_FOLLOW = 24; // part of the velocity in the step: 1, with Nesterov the momentum
export const SGD_AHEAD = 28; // part of the gradient in the step: 0, with Nesterov 1
export const ADAGRAD_EPS = 16; // added to the root
export const ADAGRAD_EPS_INSIDE = 20; // added under the root; one of the two is 0
export const RMSPROP_ALPHA = 16;
export const RMSPROP_ALPHA_REST = 20;
export const RMSPROP_EPS = 24; // added to the root
export const RMSPROP_MOMENTUM = 28;
export const RMSPROP_EPS_INSIDE = 32; // added under the root; one of the two is 0
export const ADADELTA_RHO = 16;
export const ADADELTA_RHO_REST = 20;
export const ADADELTA_EPS = 24;
export const ADADELTA_RAISE = 28; // 2^32, on the quotient under the root
export const ADADELTA_LOWER = 32; // 2^-16, its root, on what comes out
export const ADAM_BETA1 = 16;
export const ADAM_BETA1_REST = 20;
export const ADAM_BETA2 = 24;
export const ADAM_BETA2_REST = 28;
export const ADAM_V_SCALE = 32; // 1 / sqrt(1 - beta2^t); the correction of m is part of UPDATE_RATE
export const ADAM_EPS = 36;
export const NADAM_AHEAD = 40; // part of the gradient itself in the step, the rate included; with the ADAM_* scalars
export const LION_BETA1 = 16;
export const LION_BETA1_REST = 20;
export const LION_BETA2 = 24;
export const LION_BETA2_REST = 28;
