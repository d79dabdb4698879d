// The decoder layer as MindSpore operators: forward (with or without what training saves) and gradient.
#include <algorithm>

#include "layer_run.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// int32 settings in the order of tasklab/kernels/decoder_layer.py; floats travel as their bits
enum Setting {
  kHeads, kGroups, kHeadSize, kKind, kGated, kCentred, kNormFirst, kCausal, kRecompute, kBFloat16,
  kWanted,  // bit i: the gradient of parameter i is; the others come out as one zero
  kEps, kScale, kFirstDropout
};
constexpr int kSettings = kFirstDropout + 4 * kDropoutSettings;
constexpr int kMatrices = 9, kPositions = 2 * kMatrices, kParameters = kPositions + 1;  // positions [N, 2 S - 1]
constexpr int kFirst = 6;  // x [B, S, H], documents [B, S], seed [1], settings, cos, sin come before the parameters
constexpr int kUp = kFirst + 10;

struct DecoderCall {
  LayerCall call;
  int32_t wanted;
};

// Arguments start at `first`. What is not there (a bias, a gate, the rotary tables) is a tensor [1] that nobody reads;
// `scratch` keeps the zeros of biases that are not there.
DecoderCall read(const Arguments& args, int first, Scratch& scratch) {
  args.need_rank(first, 3);
  args.need_rank(first + kUp, 2);
  const int64_t B = args.dim(first, 0), S = args.dim(first, 1), H = args.dim(first, 2);
  const int32_t* settings = args.ints(first + 3, kSettings);
  const uint32_t seed = args.ints(first + 2, 1)[0];
  Layer l{};
  l.hidden = H;
  l.inner = args.dim(first + kUp, 0);
  l.heads = settings[kHeads];
  l.groups = settings[kGroups];
  l.head_size = settings[kHeadSize];
  if (l.groups <= 0 || l.heads <= 0 || l.heads % l.groups || l.head_size <= 0)
    throw std::invalid_argument("the heads are not a multiple of the key/value heads");
  l.activation = static_cast<Activation>(settings[kKind]);
  l.gated = settings[kGated] != 0;
  l.centred = settings[kCentred] != 0;
  l.norm_first = settings[kNormFirst] != 0;
  l.causal = settings[kCausal] != 0;
  l.eps = bits_to_float(settings[kEps]);
  l.scale = bits_to_float(settings[kScale]);
  if (args.rank(first + 4) == 2) {
    const int64_t places = args.dim(first + 4, 0), half = args.dim(first + 4, 1);
    if (2 * half > l.head_size) throw std::invalid_argument("the rotary tables are wider than a head");
    l.rotary = {args.floats(first + 4, places * half), args.floats(first + 5, places * half), places, half};
  }
  set_dropouts({&l.on_probabilities, &l.on_attention, &l.on_output, &l.on_active}, seed, settings + kFirstDropout);
  const int64_t C = l.context(), G = l.groups * l.head_size, I = l.inner;
  const int64_t rows[kMatrices] = {C, G, G, H, H, I, I, H, H}, columns[kMatrices] = {H, H, H, C, 1, H, H, I, 1};
  Dense* parts[kMatrices] = {&l.query, &l.key, &l.value, &l.output, &l.attention_norm, &l.up, &l.gate, &l.down,
                             &l.norm};
  const int64_t widest = *std::max_element(rows, rows + kMatrices);
  float* zeros = scratch.floats(widest);
  std::fill_n(zeros, widest, 0.0f);
  int32_t given = 0;
  for (int i = 0; i < kMatrices; ++i) {
    const int at = first + kFirst + 2 * i;
    if (parts[i] == &l.gate && !l.gated) continue;
    const bool biased = args.size(at + 1) != 1;
    *parts[i] = {args.floats(at, rows[i] * columns[i]), biased ? args.floats(at + 1, rows[i]) : zeros};
    given |= (biased ? 3 : 1) << (2 * i);
  }
  if (const int at = first + kFirst + kPositions; args.rank(at) == 2) {
    l.positions = args.floats(at, l.heads * (2 * S - 1));
    given |= 1 << kPositions;
  }
  return {{args.floats(first, B * S * H), Tokens(args.ints(first + 1, B * S), B, S, true), l,
           settings[kRecompute] != 0, settings[kBFloat16] != 0},
          given & settings[kWanted]};
}

}  // namespace
}  // namespace tasklab

// x, documents, seed, settings, cos, sin, parameters -> y
TASKLAB_OPERATOR(TasklabDecoderLayer) {
  using namespace tasklab;
  args.need(kFirst + kParameters + 1);
  Scratch scratch;
  const LayerCall call = read(args, 0, scratch).call;
  run_forward(call, nullptr, args.floats(kFirst + kParameters, args.size(0)));
}

// the same -> y, saved
TASKLAB_OPERATOR(TasklabDecoderLayerTrain) {
  using namespace tasklab;
  constexpr int y = kFirst + kParameters;
  args.need(y + 2);
  Scratch scratch;
  const LayerCall call = read(args, 0, scratch).call;
  run_forward(call, args.floats(y + 1, kept_floats(call)), args.floats(y, args.size(0)));
}

// dy, the same, saved -> dx, 19 gradients
TASKLAB_OPERATOR(TasklabDecoderLayerGrad) {
  using namespace tasklab;
  constexpr int saved = 1 + kFirst + kParameters, dx = saved + 1;
  args.need(dx + 1 + kParameters);
  Scratch scratch;
  const DecoderCall in = read(args, 1, scratch);
  LayerGrad g;
  DenseGrad* parts[kMatrices] = {&g.query, &g.key, &g.value, &g.output, &g.attention_norm, &g.up, &g.gate, &g.down,
                                 &g.norm};
  auto gradient = [&](int i) -> float* {
    if (in.wanted >> i & 1) return args.floats(dx + 1 + i, args.size(1 + kFirst + i));
    args.floats(dx + 1 + i, 1)[0] = 0.0f;
    return nullptr;
  };
  for (int i = 0; i < kMatrices; ++i) *parts[i] = {gradient(2 * i), gradient(2 * i + 1)};
  g.positions = gradient(kPositions);
  run_backward(in.call, args.floats(saved, kept_floats(in.call)), args.floats(0, args.size(1)),
               args.floats(dx, args.size(1)), g);
}
