#include "layer.h"

#include "attend.h"
#include "feed_forward.h"
#include "norm.h"
#include "scratch.h"

namespace tasklab {
namespace {

RowNorm norm_of(const Layer& l, const Dense& norm, float* mean, float* rstd) {
  return {norm.weight, norm.bias, l.eps, l.centred, mean, rstd};
}

template <class E>
RowNorm attention_norm(const Layer& l, const Saved<E>& s) {
  return norm_of(l, l.attention_norm, s.mean1, s.rstd1);
}

template <class E>
RowNorm last_norm(const Layer& l, const Saved<E>& s) {
  return norm_of(l, l.norm, s.mean2, s.rstd2);
}

template <class E>
RowNorm source_norm(const Layer& l, const Saved<E>& s) {
  return norm_of(l, l.source_norm, s.source_mean, s.source_rstd);
}

template <class E>
Look<E> among_tokens(const Layer& l, const Tokens& tokens, const Saved<E>& s) {
  return {tokens, tokens, l.hidden, l.heads, l.groups, l.head_size, l.scale, l.causal, l.rotary, l.positions,
          l.attention, l.on_probabilities, s.qkv, s.context, s.log_sum};
}

template <class E>
Look<E> at_source(const Layer& l, const Tokens& tokens, const Source& source, const Saved<E>& s) {
  return {tokens, source.tokens, l.hidden, l.heads, l.groups, l.head_size, l.scale, false, RotaryTables{}, nullptr,
          l.source, l.on_source_probabilities, s.source_qkv, s.source_context, s.source_log_sum};
}

}  // namespace

template <class E>
int64_t saved_floats(const Layer& l, int64_t T, int64_t U) {
  int64_t operands = T * (l.projected() + l.context() + (l.gated ? 2 : 1) * l.inner);
  int64_t floats = T * ((l.norm_first ? 1 : 2) * l.hidden + 4 + l.heads);
  if (l.reads_source) {
    operands += T * 2 * l.context() + U * 2 * l.groups * l.head_size;
    floats += T * (l.hidden + 2 + l.heads);
  }
  return blocks_of(operands * static_cast<int64_t>(sizeof(E)), sizeof(float)) + floats;
}

template <class E>
Saved<E> saved_at(const Layer& l, int64_t T, int64_t U, float* buffer) {
  auto next = [&](int64_t floats) {
    float* here = buffer;
    buffer += floats;
    return here;
  };
  const int64_t of_source = l.reads_source ? T : 0;
  Saved<E> s;
  s.sum1 = next(T * l.hidden);
  s.sum2 = next(l.norm_first ? 0 : T * l.hidden);  // pre-norm: not used, what would be there is the output
  s.source_sum = next(of_source * l.hidden);
  for (float** of_rows : {&s.mean1, &s.rstd1, &s.mean2, &s.rstd2}) *of_rows = next(T);
  for (float** of_rows : {&s.source_mean, &s.source_rstd}) *of_rows = next(of_source);
  s.log_sum = next(T * l.heads);
  s.source_log_sum = next(of_source * l.heads);
  s.qkv = reinterpret_cast<E*>(buffer);
  s.context = s.qkv + T * l.projected();
  s.inner = s.context + T * l.context();
  s.gate = s.inner + T * l.inner;
  s.source_qkv = s.gate + (l.gated ? T * l.inner : 0);
  s.source_context = s.source_qkv + T * l.context() + U * 2 * l.groups * l.head_size;
  return s;
}

template <class E>
void layer_forward(const Layer& l, const Tokens& tokens, const Source& source, const float* x, const Saved<E>& s,
                   float* y) {
  const int64_t T = tokens.count(), H = l.hidden;
  const bool first = l.norm_first;
  const int32_t* flat = tokens.flat.data();
  Scratch scratch;
  float* normal = scratch.floats(T * H);  // what each part reads in its turn
  if (first) normalise_rows(T, H, x, attention_norm(l, s), normal);
  attend(among_tokens(l, tokens, s), first ? normal : x, nullptr, s.sum1);
  const RowNorm before_last = first ? last_norm(l, s) : l.reads_source ? source_norm(l, s) : attention_norm(l, s);
  const RowNorm behind_attention = !l.reads_source ? before_last : first ? source_norm(l, s) : attention_norm(l, s);
  norm_forward({T, H, x, l.attention.output.bias, l.on_attention, flat, s.sum1, behind_attention, normal});
  const float* sum = s.sum1;
  if (l.reads_source) {
    attend(at_source(l, tokens, source, s), normal, source.states, s.source_sum);
    norm_forward({T, H, first ? sum : normal, l.source.output.bias, l.on_source, flat, s.source_sum, before_last,
                  normal});
    sum = s.source_sum;
  }
  float* last = first ? y : s.sum2;
  feed_forward(l, tokens, normal, s, last);
  norm_forward({T, H, first ? sum : normal, l.down.bias, l.on_output, flat, last, last_norm(l, s),
                first ? nullptr : y});
}

template <class E>
void layer_backward(const Layer& l, const Tokens& tokens, const Source& source, const float* x, const Saved<E>& s,
                    const float* dy, float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden;
  const bool first = l.norm_first;
  const int32_t* flat = tokens.flat.data();
  Scratch scratch;
  float* dout = scratch.floats(T * H);  // gradient of a Dense's product, before the residual joins
  float* normal = scratch.floats(T * H);
  // Post-norm: dx holds the gradient of the residual, to which the products add theirs. Pre-norm: what they give goes
  // through a norm first.
  float* dnormal = first ? scratch.floats(T * H) : dx;
  const float beta = first ? 0.0f : 1.0f, *dsum = dout;
  if (!first) {
    norm_backward({T, H, dy, s.sum2, last_norm(l, s), l.on_output, flat, nullptr, dx, dout, g.norm.weight, g.norm.bias,
                   g.down.bias});
  } else if (l.on_output.on()) {
    drop_backward(T, H, dy, l.on_output, flat, dout, g.down.bias);
  } else {
    dsum = dy;
    if (g.down.bias) column_sums(dy, T, H, H, g.down.bias);
  }
  // The norm whose result the part after the sum read, and its gradients.
  RowNorm middle = first ? last_norm(l, s) : l.reads_source ? source_norm(l, s) : attention_norm(l, s);
  const DenseGrad* between = first ? &g.norm : l.reads_source ? &g.source_norm : &g.attention_norm;
  norm_again(T, H, l.reads_source ? s.source_sum : s.sum1, middle, normal);
  feed_forward_backward(l, tokens, normal, s, dsum, beta, dnormal, g);
  if (l.reads_source) {
    norm_backward({T, H, dnormal, s.source_sum, middle, l.on_source, flat, first ? dy : nullptr, dx, dout,
                   between->weight, between->bias, g.source.output.bias});
    middle = first ? source_norm(l, s) : attention_norm(l, s);
    between = first ? &g.source_norm : &g.attention_norm;
    norm_again(T, H, s.sum1, middle, normal);
    attend_backward(at_source(l, tokens, source, s), normal, source.states, dout, beta, dnormal, g.states, g.source,
                    nullptr);
  }
  const float* along = !first ? nullptr : l.reads_source ? dx : dy;
  norm_backward({T, H, dnormal, s.sum1, middle, l.on_attention, flat, along, dx, dout, between->weight, between->bias,
                 g.attention.output.bias});  // dx is now the gradient of x + attention
  const RowNorm early = attention_norm(l, s);
  if (first) norm_again(T, H, x, early, normal);
  attend_backward(among_tokens(l, tokens, s), first ? normal : x, nullptr, dout, beta, dnormal, nullptr, g.attention,
                  g.positions);
  if (first)
    norm_backward({T, H, dnormal, x, early, Dropout{}, flat, dx, dx, nullptr, g.attention_norm.weight,
                   g.attention_norm.bias, nullptr});
}

template int64_t saved_floats<float>(const Layer&, int64_t, int64_t);
template int64_t saved_floats<BFloat16>(const Layer&, int64_t, int64_t);
template Saved<float> saved_at(const Layer&, int64_t, int64_t, float*);
template Saved<BFloat16> saved_at(const Layer&, int64_t, int64_t, float*);
template void layer_forward(const Layer&, const Tokens&, const Source&, const float*, const Saved<float>&, float*);
template void layer_forward(const Layer&, const Tokens&, const Source&, const float*, const Saved<BFloat16>&, float*);
template void layer_backward(const Layer&, const Tokens&, const Source&, const float*, const Saved<float>&,
                             const float*, float*, const LayerGrad&);
template void layer_backward(const Layer&, const Tokens&, const Source&, const float*, const Saved<BFloat16>&,
                             const float*, float*, const LayerGrad&);

}  // namespace tasklab
