#include "attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "gemm.h"
#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

constexpr int64_t kQueries = 128;  // rows of one block of scores: 128 x 512 floats are 256 KiB, inside a core's L2

// One head of one stretch: where its rows are, and those that they see.
template <class E>
struct Head {
  int64_t begin, rows, number;  // first packed row, tokens of the stretch, n
  int64_t first, keys, prefix;  // first packed row that is seen, how many are, and how many always
  int64_t q_at, k_at;           // where queries, and keys and values, stand in their matrices
  const E *q, *k, *v;
  uint32_t counter;             // dropout index of the first score of its row of the batch

  Head(const Attention<E>& a, int64_t stretch, int64_t n) : number(n) {
    const Stretch &own = a.tokens.stretches[stretch], &seen = a.seen.stretches[stretch];
    begin = own.begin;
    rows = own.rows;
    first = seen.begin;
    keys = seen.rows;
    prefix = own.prefix;
    q_at = begin * a.query_ld + n * a.head_size;
    k_at = first * a.key_ld + n / (a.heads / a.groups) * a.head_size;
    q = a.query + q_at;
    k = a.key + k_at;
    v = a.value + k_at;
    const int64_t scores = (own.row * a.heads + n) * a.tokens.length;
    counter = static_cast<uint32_t>(scores) * static_cast<uint32_t>(a.seen.length);
  }
};

template <class E>
uint32_t row_counter(const Attention<E>& a, const Head<E>& head, int64_t row) {
  return head.counter + static_cast<uint32_t>(a.tokens.column[head.begin + row] * a.seen.length);
}

void drop(float* p, const int32_t* column, int64_t count, uint32_t counter, const Dropout dropout) {
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) p[j] *= dropout.factor(counter + static_cast<uint32_t>(column[j]));
}

// How many keys, from the first one on, the query in a row sees; no fewer than the query before it.
template <class E>
int64_t seen(const Attention<E>& a, const Head<E>& h, int64_t row) {
  return a.causal ? std::max(row + 1, h.prefix) : h.keys;
}

// What a table [N, 2 S - 1] knows of distances: for the query in a row of its stretch, that of key j at [j].
template <class E, class F>
F* of_distances(const Attention<E>& a, F* table, int64_t head, int64_t row) {
  return table + head * (2 * a.tokens.length - 1) + a.tokens.length - 1 - row;
}

// y += factor x. Not inlined: the loops around its calls are compiled as if it were not there.
[[gnu::noinline]] void add_scaled(float* y, const float* x, int64_t count, float factor) {
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) y[j] += x[j] * factor;
}

// scores -> probabilities of `count` keys; returns log(sum(exp(scale * score)))
float softmax(float* score, int64_t count, float scale) {
  float top = -INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = score[j] > top ? score[j] : top;
  top *= scale;  // scale is positive
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < count; ++j) {
    score[j] = fast_exp(score[j] * scale - top);
    sum += score[j];
  }
  const float inverse = 1.0f / sum;
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) score[j] *= inverse;
  return top + std::log(sum);
}

void zero_rows(float* x, int64_t ld, int64_t rows, int64_t columns) {
  for (int64_t t = 0; t < rows; ++t) std::fill_n(x + t * ld, columns, 0.0f);
}

// The context of a head whose source has no token.
template <class E>
void nothing_seen(const Attention<E>& a, const Head<E>& h) {
  const int64_t width = a.heads * a.head_size;
  const Landing<E> context(2, a.context + h.begin * width + h.number * a.head_size, width, h.rows, a.head_size);
  zero_rows(context.c, context.ldc, h.rows, a.head_size);
  context.settle();
}

}  // namespace

template <class E>
void attention_forward(const Attention<E>& a) {
  const int64_t D = a.head_size, width = a.heads * D;
  parallel_for(a.tokens.stretches.size() * a.heads, [&](int64_t index) {
    const int64_t n = index % a.heads;
    const Head<E> h(a, index / a.heads, n);
    const int64_t L = h.rows, ld = a.key_ld;
    if (h.keys == 0) return nothing_seen(a, h);
    float* scores = thread_values<float>(0, std::min(L, kQueries) * h.keys);
    for (int64_t from = 0; from < L; from += kQueries) {
      const int64_t rows = std::min(kQueries, L - from), keys = seen(a, h, from + rows - 1);
      const E* q = h.q + from * a.query_ld;
      multiply(Product<E>{false, true, rows, keys, D, q, a.query_ld, h.k, ld, 0.0f, scores, keys});
      for (int64_t i = 0; i < rows; ++i) {
        float* score = scores + i * keys;
        const int64_t own = seen(a, h, from + i);
        if (a.positions) add_scaled(score, of_distances(a, a.positions, n, from + i), own, 1.0f / a.scale);
        a.log_sum[(h.begin + from + i) * a.heads + n] = softmax(score, own, a.scale);
        std::fill(score + own, score + keys, 0.0f);
        if (a.dropout.on()) drop(score, &a.seen.column[h.first], own, row_counter(a, h, from + i), a.dropout);
      }
      const E* weights = thread_operand<E>(scores, rows * keys, 1);
      const Landing<E> context(2, a.context + (h.begin + from) * width + n * D, width, rows, D);
      multiply(Product<E>{false, false, rows, D, keys, weights, keys, h.v, ld, 0.0f, context.c, context.ldc});
      context.settle();
    }
  });
}

namespace {

// The sum of a[j] b[j], in order or by lanes. Not inlined: a compiler that copied it into its callers' loops vectorised
// one copy and not the other.
template <class E>
[[gnu::noinline]] float dot(const E* a, const E* b, int64_t count, bool in_order) {
  float sum = 0;
  if (in_order) {
    for (int64_t j = 0; j < count; ++j) {
      sum += widen(a[j]) * widen(b[j]);
      std::atomic_signal_fence(std::memory_order_seq_cst);  // else g++ rounds the products, a vector of them at a time
    }
  } else {
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; ++j) sum += widen(a[j]) * widen(b[j]);
  }
  return sum;
}

// One head's part: dq is written, dk and dv are summed in the targets' floats; `first`: these hold nothing yet. What is
// wanted of the distances is added to dpositions.
template <class E>
void head_backward(const Attention<E>& a, const Head<E>& h, const E* dcontext, E* dq_rows, const Landing<E>& dk,
                   const Landing<E>& dv, bool first, float* dpositions) {
  const int64_t L = h.rows, D = a.head_size, width = a.heads * D, ld = a.key_ld, n = h.number;
  const float scale = a.scale;
  if (L == 0 || h.keys == 0) {  // no product below writes anything
    zero_rows(dk.c, dk.ldc, h.keys, D);
    zero_rows(dv.c, dv.ldc, h.keys, D);
    const Landing<E> dq(6, dq_rows, a.query_ld, L, D);
    zero_rows(dq.c, dq.ldc, L, D);
    return dq.settle();
  }
  float* probabilities = thread_values<float>(2, std::min(L, kQueries) * h.keys);
  float* dscores = thread_values<float>(3, std::min(L, kQueries) * h.keys);  // first of the probabilities
  const int64_t last = (L - 1) / kQueries * kQueries;
  for (int64_t from = last; from >= 0; from -= kQueries) {  // the last block sees all keys, those before it may not
    const int64_t rows = std::min(kQueries, L - from), keys = seen(a, h, from + rows - 1);
    const float more = from < last || !first ? 1.0f : 0.0f;  // dk and dv sum over the blocks, and over a group's heads
    const E* q = h.q + from * a.query_ld;
    const E* context = a.context + (h.begin + from) * width + n * D;
    const E* dout = dcontext + (h.begin + from) * width + n * D;
    multiply(Product<E>{false, true, rows, keys, D, q, a.query_ld, h.k, ld, 0.0f, probabilities, keys});
    multiply(Product<E>{false, true, rows, keys, D, dout, width, h.v, ld, 0.0f, dscores, keys});
    for (int64_t i = 0; i < rows; ++i) {
      float *p = probabilities + i * keys, *d = dscores + i * keys;
      const int64_t own = seen(a, h, from + i);
      std::fill(p + own, p + keys, 0.0f);
      std::fill(d + own, d + keys, 0.0f);
      if (a.positions) add_scaled(p, of_distances(a, a.positions, n, from + i), own, 1.0f / scale);
      const float log_sum = a.log_sum[(h.begin + from + i) * a.heads + n];
      // Sum over the keys of probability * its gradient = context . dcontext. The order is that of earlier versions: a
      // resumed run keeps its numbers.
      const float along = dot(context + i * width, dout + i * width, D, from < last);
      if (a.dropout.on()) {
        const int32_t* column = &a.seen.column[h.first];
        const uint32_t counter = row_counter(a, h, from + i);
        const Dropout dropout = a.dropout;  // a copy on the stack: the loop below cannot change it
#pragma omp simd
        for (int64_t j = 0; j < own; ++j) {
          const float probability = fast_exp(p[j] * scale - log_sum);
          const float factor = dropout.factor(counter + static_cast<uint32_t>(column[j]));
          p[j] = probability * factor;
          d[j] = probability * (d[j] * factor - along) * scale;
        }
      } else {
#pragma omp simd
        for (int64_t j = 0; j < own; ++j) {
          p[j] = fast_exp(p[j] * scale - log_sum);
          d[j] = p[j] * (d[j] - along) * scale;
        }
      }
      if (dpositions) add_scaled(of_distances(a, dpositions, n, from + i), d, own, 1.0f / scale);
    }
    const E* weights = thread_operand<E>(probabilities, rows * keys, 4);
    const E* ds = thread_operand<E>(dscores, rows * keys, 5);
    const Landing<E> dq(6, dq_rows + from * a.query_ld, a.query_ld, rows, D);
    multiply(Product<E>{true, false, keys, D, rows, weights, keys, dout, width, more, dv.c, dv.ldc});
    multiply(Product<E>{false, false, rows, D, keys, ds, keys, h.k, ld, 0.0f, dq.c, dq.ldc});
    multiply(Product<E>{true, false, keys, D, rows, ds, keys, q, a.query_ld, more, dk.c, dk.ldc});
    dq.settle();
  }
}

}  // namespace

template <class E>
void attention_backward(const Attention<E>& a, const E* dcontext, E* dquery, E* dkey, E* dvalue, float* dpositions) {
  const int64_t shared = a.heads / a.groups, stretches = a.tokens.stretches.size();
  const int64_t table = a.heads * (2 * a.tokens.length - 1);
  Scratch scratch;  // a table for each stretch, as they are worked on at once
  float* sums = dpositions ? scratch.floats((stretches + 1) * table) : nullptr;
  if (sums) std::fill(sums, sums + stretches * table, 0.0f);
  parallel_for(a.tokens.stretches.size() * a.groups, [&](int64_t index) {
    const int64_t stretch = index / a.groups, n = index % a.groups * shared;
    const Head<E> lead(a, stretch, n);
    const Landing<E> dk(0, dkey + lead.k_at, a.key_ld, lead.keys, a.head_size);
    const Landing<E> dv(1, dvalue + lead.k_at, a.key_ld, lead.keys, a.head_size);
    for (int64_t i = 0; i < shared; ++i) {
      const Head<E> h(a, stretch, n + i);
      float* sum = sums ? sums + stretch * table : nullptr;
      head_backward(a, h, dcontext, dquery + h.q_at, dk, dv, i == 0, sum);
    }
    dk.settle();
    dv.settle();
  });
  if (!dpositions) return;
  std::fill(dpositions, dpositions + table, 0.0f);
  for (int64_t i = 0; i < stretches; ++i) add_scaled(dpositions, sums + i * table, table, 1.0f);
}

template void attention_forward(const Attention<float>&);
template void attention_forward(const Attention<BFloat16>&);
template void attention_backward(const Attention<float>&, const float*, float*, float*, float*, float*);
template void attention_backward(const Attention<BFloat16>&, const BFloat16*, BFloat16*, BFloat16*, BFloat16*, float*);

}  // namespace tasklab
