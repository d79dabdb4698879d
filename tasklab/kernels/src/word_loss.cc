#include "word_loss.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "gemm.h"
#include "number.h"
#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// Fixed sizes, so that sums do not depend on the threads. A tile of scores is 512 KiB, inside a core's own cache.
constexpr int64_t kTileRows = 256, kTileWords = 512, kBlock = 8 * kTileWords;  // words that are rounded at a time
// Rows whose scores are kept together; for 50,000 words that is 100 MB. Each such group reads and writes all of the
// table's gradient once.
constexpr int64_t kGroup = 2 * kTileRows;

// Some of the rows with a target, one behind the other.
template <class E>
struct Group {
  const int64_t* rows;  // [R]
  int64_t count;        // R
  const E* hidden;      // [R, H]
  float* scores;        // one block of words behind the other, [R, ld] each; null: not kept
  int64_t ld;

  float* of_block(int64_t first_word) const { return scores + first_word / kBlock * count * ld; }
};

template <class E>
const E* packed(const WordLoss& w, const int64_t* rows, int64_t count, Scratch& scratch) {
  float* copy = scratch.floats(count * w.width);
  parallel_for(count, [&](int64_t r) {
    std::memcpy(copy + r * w.width, w.hidden + rows[r] * w.width, w.width * sizeof(float));
  });
  return operand<E>(copy, count * w.width, scratch);
}

// What a row of scores comes to, words taken in any number of parts.
struct Totals {
  float top, exponentials, sum;  // largest score, sum of exp(score - top), sum of the scores
};

Totals totals_of(const float* score, int64_t count) {
  float top = -INFINITY, exponentials = 0, sum = 0;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = score[j] > top ? score[j] : top;
#pragma omp simd reduction(+ : exponentials, sum)
  for (int64_t j = 0; j < count; ++j) {
    exponentials += fast_exp(score[j] - top);
    sum += score[j];
  }
  return {top, exponentials, sum};
}

// The gradient of -log-probability * rate by one row's scores of `count` words in place of the scores, but for the
// target's own part.
void score_gradients(float* score, int64_t count, float log_sum, float rate) {
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) score[j] = rate * fast_exp(score[j] - log_sum);
}

// target and mean of a group's rows; log_sum [R] of exp(scores).
template <class E>
void score(const WordLoss& w, const Group<E>& g, const WordResults& out, float* log_sum) {
  const int64_t R = g.count, V = w.words, H = w.width;
  const int64_t tall = blocks_of(R, kTileRows), wide = blocks_of(V, kTileWords);
  Scratch scratch;
  Totals* parts = scratch.take<Totals>(R * wide);
  for (int64_t base = 0; base < V; base += kBlock) {
    Scratch inputs;
    const int64_t words = std::min(kBlock, V - base);
    const E* table = operand<E>(w.table + base * H, words * H, inputs);
    parallel_for(tall * blocks_of(words, kTileWords), [&](int64_t index) {
      const int64_t at = index / tall * kTileWords, top = index % tall * kTileRows;
      const int64_t m = std::min(kTileRows, R - top), n = std::min(kTileWords, words - at);
      const bool keep = g.scores != nullptr;
      const int64_t ld = keep ? g.ld : n;
      float* scores = keep ? g.of_block(base) + top * ld + at : thread_values<float>(0, m * n);
      multiply(Product<E>{false, true, m, n, H, g.hidden + top * H, H, table + at * H, H, 0.0f, scores, ld});
      for (int64_t i = 0; i < m; ++i) {
        const int64_t row = g.rows[top + i], own = w.targets[row] - base - at;
        parts[(top + i) * wide + (base + at) / kTileWords] = totals_of(scores + i * ld, n);
        if (own >= 0 && own < n) out.target[row] = scores[i * ld + own];
      }
    });
  }
  parallel_for(R, [&](int64_t r) {
    const Totals* part = parts + r * wide;
    const int64_t row = g.rows[r];
    double top = -INFINITY, exponentials = 0, sum = 0;
    for (int64_t i = 0; i < wide; ++i) top = std::max<double>(top, part[i].top);
    for (int64_t i = 0; i < wide; ++i) {
      exponentials += part[i].exponentials * std::exp(part[i].top - top);
      sum += part[i].sum;
    }
    const double total = top + std::log(exponentials);
    log_sum[r] = static_cast<float>(total);
    out.target[row] = static_cast<float>(out.target[row] - total);
    out.mean[row] = static_cast<float>(sum / V - total);
  });
}

// out.hidden of a group's rows, and to out.table what they add; the scores that were kept turn into their gradients.
template <class E>
void differentiate(const WordLoss& w, const Group<E>& g, const WordResults& out, const float* log_sum, bool first) {
  const int64_t R = g.count, V = w.words, H = w.width, ld = g.ld;
  Scratch scratch;
  float* dhidden = scratch.floats(R * H);
  for (int64_t base = 0; base < V; base += kBlock) {
    Scratch inputs;
    const int64_t n = std::min(kBlock, V - base);
    float* scores = g.of_block(base);
    parallel_for(R, [&](int64_t r) {
      const int64_t row = g.rows[r], own = w.targets[row] - base;
      const float rate = out.rates == nullptr ? 1.0f : out.rates[row];
      score_gradients(scores + r * ld, n, log_sum[r], rate);
      if (own >= 0 && own < n) scores[r * ld + own] -= rate;
    });
    const E *ds = operand<E>(scores, R * ld, inputs), *table = operand<E>(w.table + base * H, n * H, inputs);
    std::vector<Product<E>> products{{false, false, R, H, n, ds, ld, table, H, base > 0 ? 1.0f : 0.0f, dhidden, H}};
    if (out.table != nullptr)
      products.push_back({true, false, n, H, R, ds, ld, g.hidden, H, first ? 0.0f : 1.0f, out.table + base * H, H});
    multiply_all(products);
  }
  parallel_for(R, [&](int64_t r) { std::memcpy(out.hidden + g.rows[r] * H, dhidden + r * H, H * sizeof(float)); });
}

// What is left of the gradients by the means, once they were taken for gradients by the targets: dmean times the mean
// word in place of the own one.
void add_means(const WordLoss& w, const float* dmean, float* dhidden, float* dtable) {
  constexpr int64_t kColumns = 64;
  const int64_t V = w.words, H = w.width;
  parallel_for(blocks_of(H, kColumns), [&](int64_t block) {
    const int64_t from = block * kColumns, count = std::min(kColumns, H - from);
    double word[kColumns] = {}, hidden[kColumns] = {};  // sums of all words, of hidden * dmean
    for (int64_t v = 0; v < V; ++v)
      for (int64_t j = 0; j < count; ++j) word[j] += w.table[v * H + from + j];
    for (const int64_t row : w.rows) {
      const int64_t at = row * H + from, own = w.targets[row] * H + from;
      for (int64_t j = 0; j < count; ++j) {
        const float d = dmean[row] * w.hidden[at + j];
        dhidden[at + j] += dmean[row] * static_cast<float>(word[j] / V - w.table[own + j]);
        hidden[j] += d;
        if (dtable != nullptr) dtable[own + j] -= d;
      }
    }
    for (int64_t v = 0; dtable != nullptr && v < V; ++v)
      for (int64_t j = 0; j < count; ++j) dtable[v * H + from + j] += static_cast<float>(hidden[j] / V);
  });
}

}  // namespace

WordLoss::WordLoss(const float* hidden, int64_t count, int64_t width, const float* table, int64_t words,
                   const int32_t* targets)
    : width(width), words(words), hidden(hidden), table(table), targets(targets) {
  for (int64_t t = 0; t < count; ++t) {
    if (targets[t] >= words)
      throw std::invalid_argument("target " + std::to_string(targets[t]) + " is no word of a vocabulary of " +
                                  std::to_string(words));
    if (targets[t] >= 0) rows.push_back(t);
  }
}

template <class E>
void words_forward(const WordLoss& w, const WordResults& out) {
  const int64_t R = w.rows.size(), size = out.hidden == nullptr ? R : kGroup;
  for (int64_t from = 0; from < R; from += size) {
    Scratch scratch;
    const int64_t count = std::min(size, R - from);
    const int64_t* rows = w.rows.data() + from;
    Group<E> group{rows, count, packed<E>(w, rows, count, scratch), nullptr, spread(std::min(kBlock, w.words))};
    float* log_sum = scratch.floats(count);
    if (out.hidden != nullptr) group.scores = scratch.floats(blocks_of(w.words, kBlock) * count * group.ld);
    score(w, group, out, log_sum);
    if (out.hidden != nullptr) differentiate(w, group, out, log_sum, from == 0);
  }
}

template <class E>
void words_backward(const WordLoss& w, const float* dtarget, const float* dmean, const WordResults& results,
                    float* dhidden) {
  const int64_t R = w.rows.size(), H = w.width;
  if (R == 0) return;
  Scratch scratch;
  float* rates = scratch.floats(w.rows.back() + 1);  // of -log-probability of the target
  for (const int64_t row : w.rows) rates[row] = -(dtarget[row] + dmean[row]);
  const float rate = rates[w.rows[0]];
  const bool alike = std::all_of(w.rows.begin(), w.rows.end(), [&](int64_t row) { return rates[row] == rate; });
  if (alike || results.table == nullptr) {
    parallel_for(R, [&](int64_t r) {
      const int64_t row = w.rows[r];
      for (int64_t j = row * H; j < (row + 1) * H; ++j) dhidden[j] = rates[row] * results.hidden[j];
    });
    if (results.table != nullptr && rate != 1.0f)
      parallel_for(w.words, [&](int64_t v) {
        for (int64_t j = v * H; j < (v + 1) * H; ++j) results.table[j] *= rate;
      });
  } else {
    float* told = scratch.floats(2 * (w.rows.back() + 1));
    words_forward<E>(w, {told, told + w.rows.back() + 1, dhidden, results.table, rates});
  }
  if (std::any_of(w.rows.begin(), w.rows.end(), [&](int64_t row) { return dmean[row] != 0.0f; }))
    add_means(w, dmean, dhidden, results.table);
}

template void words_forward<float>(const WordLoss&, const WordResults&);
template void words_forward<BFloat16>(const WordLoss&, const WordResults&);
template void words_backward<float>(const WordLoss&, const float*, const float*, const WordResults&, float*);
template void words_backward<BFloat16>(const WordLoss&, const float*, const float*, const WordResults&, float*);

}  // namespace tasklab
