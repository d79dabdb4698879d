// The decoder layer as MindSpore operators: forward (with or without what training saves) and gradient. A layer that
// reads a source has more arguments behind those of one that does not.
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
  kRank, kAdapted,  // of adapters, 0 for none; bit i: the i-th of `matrices` has one
  kEps, kScale, kFirstDropout
};
constexpr int kDropouts = 4, kSourceDropouts = 2, kDenses = 7, kSourceDenses = 4;
constexpr int kSettings = kFirstDropout + (kDropouts + kDenses) * kDropoutSettings;
constexpr int kSourceSettings = (kSourceDropouts + kSourceDenses) * kDropoutSettings;
constexpr int kFirst = 6;  // x [B, S, H], documents [B, S], seed [1], settings, cos, sin come before the parameters
constexpr int kMatrices = 9, kPositions = 2 * kMatrices, kAdapters = kPositions + 1, kOwn = kAdapters + 1;
constexpr int kStates = kFirst + kOwn, kSourceFirst = kStates + 2;  // states [B, R, H], mask [B, R] come in between
constexpr int kSourceMatrices = 5, kMost = kOwn + 2 * kSourceMatrices;
constexpr int kUp = kFirst + 10;

int parameters(bool reads_source) { return reads_source ? kMost : kOwn; }
int inputs(bool reads_source) { return reads_source ? kSourceFirst + 2 * kSourceMatrices : kStates; }

// Where the i-th parameter stands among the inputs.
int place(int i) { return i < kOwn ? kFirst + i : kSourceFirst + i - kOwn; }

// Whether these are the arguments of a layer that reads a source, with `others` that are no inputs.
bool has_source(const Arguments& args, int others, int others_with_source) {
  const bool source = args.count() != inputs(false) + others;
  args.need(inputs(source) + (source ? others_with_source : others));
  return source;
}

// Matrices and norms with their biases, in the order of the parameters; null stands for the positions [N, 2 S - 1] and
// the adapters, one flat tensor of A and B of each Dense that has them.
template <class Dense, class Layer>
std::vector<Dense*> matrices(Layer& l) {
  return {&l.attention.query, &l.attention.key, &l.attention.value, &l.attention.output, &l.attention_norm, &l.up,
          &l.gate,            &l.down,          &l.norm,            nullptr,             &l.source.query,   &l.source.key,
          &l.source.value,    &l.source.output, &l.source_norm};
}

// The number of the parameter that is the weight of the i-th of these; its bias is behind it.
int weight_of(int i) { return 2 * i; }

bool is_norm(int i) { return i == 4 || i == 8 || i == 14; }

struct DecoderCall {
  LayerCall call;
  int32_t wanted;
};

// Arguments start at `first`. What is not there (a bias, a gate, the rotary tables) is a tensor [1] that nobody reads;
// `scratch` keeps the zeros of biases that are not there.
DecoderCall read(const Arguments& args, int first, bool source, Scratch& scratch) {
  args.need_rank(first, 3);
  args.need_rank(first + kUp, 2);
  const int64_t B = args.dim(first, 0), S = args.dim(first, 1), H = args.dim(first, 2);
  const int32_t* settings = args.ints(first + 3, kSettings + (source ? kSourceSettings : 0));
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
  l.reads_source = source;
  l.eps = bits_to_float(settings[kEps]);
  l.scale = bits_to_float(settings[kScale]);
  if (args.rank(first + 4) == 2) {
    const int64_t places = args.dim(first + 4, 0), half = args.dim(first + 4, 1);
    if (2 * half > l.head_size) throw std::invalid_argument("the rotary tables are wider than a head");
    l.rotary = {args.floats(first + 4, places * half), args.floats(first + 5, places * half), places, half};
  }
  set_dropouts({&l.on_probabilities, &l.on_attention, &l.on_output, &l.on_active}, seed, settings + kFirstDropout);
  const int32_t* rest = settings + kFirstDropout + kDropouts * kDropoutSettings;
  if (source) {
    set_dropouts({&l.on_source_probabilities, &l.on_source}, seed, rest);
    rest += kSourceDropouts * kDropoutSettings;
  }
  const int64_t C = l.context(), G = l.groups * l.head_size, I = l.inner;
  const int64_t rows[] = {C, G, G, H, H, I, I, H, H, 0, C, G, G, H, H};
  const int64_t columns[] = {H, H, H, C, 1, H, H, I, 1, 0, H, H, H, C, 1};
  const int64_t widest = *std::max_element(rows, rows + kMatrices);
  float* zeros = scratch.floats(widest);
  std::fill_n(zeros, widest, 0.0f);
  int32_t given = 0;
  const std::vector<Dense*> parts = matrices<Dense>(l);
  for (int i = 0; i < (source ? kMatrices + 1 + kSourceMatrices : kMatrices); ++i) {
    const int number = weight_of(i), at = first + place(number);
    if (parts[i] == nullptr || parts[i] == &l.gate && !l.gated) continue;
    const bool biased = args.size(at + 1) != 1;
    *parts[i] = {args.floats(at, rows[i] * columns[i]), biased ? args.floats(at + 1, rows[i]) : zeros};
    given |= (biased ? 3 : 1) << number;
  }
  if (const int at = first + place(kPositions); args.rank(at) == 2) {
    l.positions = args.floats(at, l.heads * (2 * S - 1));
    given |= 1 << kPositions;
  }
  const float* adapters = args.floats(first + place(kAdapters), args.size(first + place(kAdapters)));
  int64_t taken = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == nullptr || is_norm(i) || i > kMatrices && !source) continue;
    Dropout dropout;
    set_dropouts({&dropout}, seed, rest);
    rest += kDropoutSettings;
    if (!(settings[kAdapted] >> i & 1)) continue;
    if (parts[i]->weight == nullptr) throw std::invalid_argument("an adapter stands beside a Dense that is not there");
    const int64_t a = settings[kRank] * columns[i], b = settings[kRank] * rows[i];
    parts[i]->adapter = {settings[kRank], columns[i], rows[i], adapters + taken, adapters + taken + a, dropout};
    taken += a + b;
    given |= 1 << kAdapters;
  }
  if (taken > 0) args.floats(first + place(kAdapters), taken);
  LayerCall call{args.floats(first, B * S * H), Tokens(args.ints(first + 1, B * S), B, S, !source), l,
                 settings[kRecompute] != 0, settings[kBFloat16] != 0};
  if (source) {
    args.need_rank(first + kStates, 3);
    const int64_t R = args.dim(first + kStates, 1);
    call.states = args.floats(first + kStates, B * R * H);
    call.source = Tokens(args.ints(first + kStates + 1, B * R), B, R);
  }
  return {call, given & settings[kWanted]};
}

}  // namespace
}  // namespace tasklab

// x, documents, seed, settings, cos, sin, parameters [, states, mask, parameters] -> y
TASKLAB_OPERATOR(TasklabDecoderLayer) {
  using namespace tasklab;
  const bool source = has_source(args, 1, 1);
  Scratch scratch;
  const LayerCall call = read(args, 0, source, scratch).call;
  run_forward(call, nullptr, args.floats(inputs(source), args.size(0)));
}

// the same -> y, saved
TASKLAB_OPERATOR(TasklabDecoderLayerTrain) {
  using namespace tasklab;
  const bool source = has_source(args, 2, 2);
  const int y = inputs(source);
  Scratch scratch;
  const LayerCall call = read(args, 0, source, scratch).call;
  run_forward(call, args.floats(y + 1, kept_floats(call)), args.floats(y, args.size(0)));
}

// dy, the same, saved -> dx, gradients of the parameters [, dstates]
TASKLAB_OPERATOR(TasklabDecoderLayerGrad) {
  using namespace tasklab;
  const bool source = has_source(args, 3 + kOwn, 4 + kMost);
  const int saved = 1 + inputs(source), dx = saved + 1, dstates = dx + 1 + parameters(source);
  Scratch scratch;
  DecoderCall in = read(args, 1, source, scratch);
  LayerGrad g;
  auto gradient = [&](int i) -> float* {
    if (in.wanted >> i & 1) return args.floats(dx + 1 + i, args.size(1 + place(i)));
    args.floats(dx + 1 + i, 1)[0] = 0.0f;
    return nullptr;
  };
  const std::vector<DenseGrad*> parts = matrices<DenseGrad>(g);
  float* adapters = gradient(kAdapters);
  std::vector<Dense*> of = matrices<Dense>(in.call.layer);
  for (int i = 0; weight_of(i) < parameters(source); ++i) {
    const int weight = weight_of(i);
    if (parts[i] == nullptr) {
      g.positions = gradient(kPositions);
      continue;
    }
    *parts[i] = {gradient(weight), gradient(weight + 1)};
    const int64_t rank = of[i]->adapter.rank;
    if (rank == 0 || adapters == nullptr) continue;
    parts[i]->adapter = {adapters, adapters + rank * of[i]->adapter.in};
    adapters += rank * (of[i]->adapter.in + of[i]->adapter.out);
  }
  if (source) g.states = args.floats(dstates, args.size(1 + kStates));
  run_backward(in.call, args.floats(saved, kept_floats(in.call)), args.floats(0, args.size(1)),
               args.floats(dx, args.size(1)), g);
}
