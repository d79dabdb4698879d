// The encoder layer as MindSpore operators: forward (with or without what training saves) and gradient.
#include <cmath>

#include "layer_run.h"
#include "vmath.h"

namespace tasklab {
namespace {

// int32 settings in the order of tasklab/kernels/ops.py; floats travel as their bits
enum Setting { kHeads, kKind, kRecompute, kBFloat16, kCausal, kEps, kFirstDropout };
constexpr int kSettings = kFirstDropout + 3 * kDropoutSettings, kParameters = 16;

// Arguments x [B, S, H], mask [B, S], seed [1], settings, 16 parameters start at `first`.
LayerCall read(const Arguments& args, int first) {
  args.need_rank(first, 3);
  args.need_rank(first + 14, 2);
  const int64_t B = args.dim(first, 0), S = args.dim(first, 1), H = args.dim(first, 2), I = args.dim(first + 14, 0);
  const int32_t* settings = args.ints(first + 3, kSettings);
  const uint32_t seed = args.ints(first + 2, 1)[0];
  Layer l{};
  l.hidden = H;
  l.inner = I;
  l.heads = l.groups = settings[kHeads];
  if (l.heads <= 0 || H % l.heads) throw std::invalid_argument("hidden size is not a multiple of the heads");
  l.head_size = H / l.heads;
  l.scale = 1.0f / std::sqrt(static_cast<float>(l.head_size));
  l.causal = settings[kCausal] != 0;
  l.centred = true;
  l.activation = static_cast<Activation>(settings[kKind]);
  l.eps = bits_to_float(settings[kEps]);
  set_dropouts({&l.on_probabilities, &l.on_attention, &l.on_output}, seed, settings + kFirstDropout);
  const int64_t rows[8] = {H, H, H, H, H, I, H, H}, columns[8] = {H, H, H, H, 1, H, I, 1};
  Dense* parts[8] = {&l.attention.query, &l.attention.key, &l.attention.value, &l.attention.output, &l.attention_norm,
                     &l.up, &l.down, &l.norm};
  for (int i = 0; i < 8; ++i)
    *parts[i] = {args.floats(first + 4 + 2 * i, rows[i] * columns[i]), args.floats(first + 5 + 2 * i, rows[i])};
  return {args.floats(first, B * S * H), Tokens(args.ints(first + 1, B * S), B, S), l,
          settings[kRecompute] != 0, settings[kBFloat16] != 0};
}

}  // namespace
}  // namespace tasklab

TASKLAB_OPERATOR(TasklabLayer) {  // x, mask, seed, settings, parameters -> y
  using namespace tasklab;
  args.need(4 + kParameters + 1);
  const LayerCall call = read(args, 0);
  run_forward(call, nullptr, args.floats(20, args.size(0)));
}

TASKLAB_OPERATOR(TasklabLayerTrain) {  // x, mask, seed, settings, parameters -> y, saved
  using namespace tasklab;
  args.need(4 + kParameters + 2);
  const LayerCall call = read(args, 0);
  run_forward(call, args.floats(21, kept_floats(call)), args.floats(20, args.size(0)));
}

TASKLAB_OPERATOR(TasklabLayerGrad) {  // dy, x, mask, seed, settings, parameters, saved -> dx, 16 gradients
  using namespace tasklab;
  args.need(5 + kParameters + 1 + 1 + kParameters);
  const LayerCall call = read(args, 1);
  LayerGrad g;
  DenseGrad* parts[8] = {&g.attention.query, &g.attention.key, &g.attention.value, &g.attention.output,
                         &g.attention_norm, &g.up, &g.down, &g.norm};
  for (int i = 0; i < 8; ++i)
    *parts[i] = {args.floats(23 + 2 * i, args.size(5 + 2 * i)), args.floats(24 + 2 * i, args.size(6 + 2 * i))};
  run_backward(call, args.floats(21, kept_floats(call)), args.floats(0, args.size(1)), args.floats(22, args.size(1)),
               g);
}
