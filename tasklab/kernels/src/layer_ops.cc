// The encoder layer as MindSpore operators: forward (with or without what training saves) and gradient.
#include <algorithm>

#include "arguments.h"
#include "layer.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// int32 settings in the order of tasklab/kernels/ops.py; floats travel as their bits
enum Setting { kHeads, kKind, kRecompute, kBFloat16, kCausal, kEps, kFirstDropout, kSettings = kFirstDropout + 9 };
constexpr int kParameters = 16;

struct Inputs {
  const float* x;
  Tokens tokens;
  Layer layer;
  bool recompute, bfloat16;
};

// Arguments x [B, S, H], mask [B, S], seed [1], settings, 16 parameters start at `first`.
Inputs read(const Arguments& args, int first) {
  args.need_rank(first, 3);
  args.need_rank(first + 14, 2);
  const int64_t B = args.dim(first, 0), S = args.dim(first, 1), H = args.dim(first, 2), I = args.dim(first + 14, 0);
  const int32_t* settings = args.ints(first + 3, kSettings);
  const uint32_t seed = args.ints(first + 2, 1)[0];
  Layer l{};
  l.hidden = H;
  l.inner = I;
  l.heads = settings[kHeads];
  if (l.heads <= 0 || H % l.heads) throw std::invalid_argument("hidden size is not a multiple of the heads");
  l.causal = settings[kCausal] != 0;
  l.activation = static_cast<Activation>(settings[kKind]);
  l.eps = bits_to_float(settings[kEps]);
  Dropout* dropouts[3] = {&l.on_probabilities, &l.on_attention, &l.on_output};
  for (int i = 0; i < 3; ++i) {
    const int32_t* d = settings + kFirstDropout + 3 * i;  // site, threshold, scale
    *dropouts[i] = make_dropout(seed, d[0], d[1], bits_to_float(d[2]));
  }
  const int64_t rows[8] = {H, H, H, H, H, I, H, H}, columns[8] = {H, H, H, H, 1, H, I, 1};
  Dense* parts[8] = {&l.query, &l.key, &l.value, &l.output, &l.attention_norm, &l.up, &l.down, &l.norm};
  for (int i = 0; i < 8; ++i)
    *parts[i] = {args.floats(first + 4 + 2 * i, rows[i] * columns[i]), args.floats(first + 5 + 2 * i, rows[i])};
  return {args.floats(first, B * S * H), Tokens(args.ints(first + 1, B * S), B, S), l,
          settings[kRecompute] != 0, settings[kBFloat16] != 0};
}

// `padded` itself when every token is real, else its packed copy.
const float* packed(const Tokens& tokens, const float* padded, int64_t width, Scratch& scratch) {
  if (tokens.full()) return padded;
  float* copy = scratch.floats(tokens.count() * width);
  tokens.pack(padded, copy, width);
  return copy;
}

// Calls body(E{}) with the type in which the settings want the products' operands.
template <class Body>
void with_operands(const Inputs& in, Body&& body) {
  if (in.bfloat16) body(BFloat16{});
  else body(float{});
}

template <class E>
void forward(const Inputs& in, float* saved, float* y) {
  Scratch scratch;
  const int64_t H = in.layer.hidden, T = in.tokens.count();
  float* out = in.tokens.full() ? y : scratch.floats(T * H);
  layer_forward(in.layer, in.tokens, packed(in.tokens, in.x, H, scratch), saved_at<E>(in.layer, T, saved), out);
  if (out != y) in.tokens.unpack(out, y, H);
}

template <class E>
void backward(const Arguments& args, const Inputs& in) {
  const int64_t H = in.layer.hidden, T = in.tokens.count(), rows = in.tokens.batch * in.tokens.length;
  Scratch scratch;
  const float* x = packed(in.tokens, in.x, H, scratch);
  const float* dy = packed(in.tokens, args.floats(0, args.size(1)), H, scratch);
  float* dx = args.floats(22, args.size(1));
  float* out = in.tokens.full() ? dx : scratch.floats(T * H);
  float* memory = in.recompute ? scratch.floats(saved_floats<E>(in.layer, T))
                               : args.floats(21, saved_floats<E>(in.layer, rows));
  const Saved<E> saved = saved_at<E>(in.layer, T, memory);
  if (in.recompute) layer_forward(in.layer, in.tokens, x, saved, out);  // its result is overwritten below
  LayerGrad g;
  DenseGrad* parts[8] = {&g.query, &g.key, &g.value, &g.output, &g.attention_norm, &g.up, &g.down, &g.norm};
  for (int i = 0; i < 8; ++i)
    *parts[i] = {args.floats(23 + 2 * i, args.size(5 + 2 * i)), args.floats(24 + 2 * i, args.size(6 + 2 * i))};
  layer_backward(in.layer, in.tokens, x, saved, dy, out, g);
  if (out != dx) in.tokens.unpack(out, dx, H);
}

}  // namespace
}  // namespace tasklab

TASKLAB_OPERATOR(TasklabLayer) {  // x, mask, seed, settings, parameters -> y
  using namespace tasklab;
  args.need(4 + kParameters + 1);
  const Inputs in = read(args, 0);
  with_operands(in, [&](auto e) {
    using E = decltype(e);
    Scratch scratch;
    float* saved = scratch.floats(saved_floats<E>(in.layer, in.tokens.count()));
    forward<E>(in, saved, args.floats(20, args.size(0)));
  });
}

TASKLAB_OPERATOR(TasklabLayerTrain) {  // x, mask, seed, settings, parameters -> y, saved
  using namespace tasklab;
  args.need(4 + kParameters + 2);
  const Inputs in = read(args, 0);
  with_operands(in, [&](auto e) {
    using E = decltype(e);
    Scratch scratch;
    const int64_t rows = in.tokens.batch * in.tokens.length;
    float* saved = in.recompute ? scratch.floats(saved_floats<E>(in.layer, in.tokens.count()))
                                : args.floats(21, saved_floats<E>(in.layer, rows));
    forward<E>(in, saved, args.floats(20, args.size(0)));
  });
}

TASKLAB_OPERATOR(TasklabLayerGrad) {  // dy, x, mask, seed, settings, parameters, saved -> dx, 16 gradients
  using namespace tasklab;
  args.need(5 + kParameters + 1 + 1 + kParameters);
  const Inputs in = read(args, 1);
  with_operands(in, [&](auto e) { backward<decltype(e)>(args, in); });
}
