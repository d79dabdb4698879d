#include "search.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "lanes.h"
#include "pool.h"

namespace tasklab {
namespace {

constexpr int kTogether = 4;             // queries, and rows, whose sums fit the registers together
constexpr int64_t kPass = 32;            // queries that share one reading of the rows
constexpr int64_t kBlockBytes = 1 << 18; // of rows, which stay in a core's cache while the queries of a pass meet them
constexpr int64_t kPieces = 8;           // per thread; each keeps its own best

// A sum's lanes by halves: the order is a matter of the row and the query alone.
inline float total(Lanes sums) {
  float lane[kLanes];
  store(lane, sums);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

// Q queries times R rows that follow one another -> scores [Q][R].
template <int Q, int R>
void products(const FloatRows& rows, int64_t row, const float* queries, float (*scores)[kTogether]) {
  const int64_t size = rows.size;
  const float* from = rows.values + row * size;
  Lanes sums[Q][R] = {};
  int64_t k = 0;
  for (; k + kLanes <= size; k += kLanes) {
    Lanes x[R];
    for (int r = 0; r < R; ++r) {
      x[r] = load<Lanes>(from + r * size + k);
      __builtin_prefetch(from + r * size + k + R * size);  // the next rows
    }
    for (int q = 0; q < Q; ++q) {
      const Lanes y = load<Lanes>(queries + q * size + k);
      for (int r = 0; r < R; ++r) sums[q][r] += x[r] * y;
    }
  }
  for (int q = 0; q < Q; ++q)
    for (int r = 0; r < R; ++r) {
      float sum = total(sums[q][r]);
      for (int64_t i = k; i < size; ++i) sum += from[r * size + i] * queries[q * size + i];
      scores[q][r] = sum;
    }
}

// Queries as bytes, in rows of a multiple of 64 with zeros behind; their own scales change no order and are left out.
struct ByteQueries {
  int64_t stride;
  std::vector<int8_t> values;
  std::vector<int32_t> sums;  // of each query's bytes

  ByteQueries(const float* queries, int64_t asked, int64_t size)
      : stride(blocks_of(size, 64) * 64), values(asked * stride, 0), sums(asked, 0) {
    for (int64_t q = 0; q < asked; ++q) {
      float largest = 0;
      for (int64_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(queries[q * size + i]));
      for (int64_t i = 0; largest > 0 && i < size; ++i) {
        const int8_t value = static_cast<int8_t>(std::lrint(queries[q * size + i] / largest * 127));
        values[q * stride + i] = value;
        sums[q] += value;
      }
    }
  }
};

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
template <int Q, int R>
void products(const ByteRows& rows, int64_t row, const ByteQueries& queries, int64_t query,
              float (*scores)[kTogether]) {
  const int8_t* from = rows.values + row * rows.size;
  const __m512i shift = _mm512_set1_epi8(-128);  // the instruction wants one side without signs: x + 128
  __m512i sums[Q][R];
  for (int q = 0; q < Q; ++q)
    for (int r = 0; r < R; ++r) sums[q][r] = _mm512_setzero_si512();
  for (int64_t k = 0; k < rows.size; k += 64) {
    const int64_t left = rows.size - k;
    const __mmask64 there = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    __m512i x[R];
    for (int r = 0; r < R; ++r) {
      x[r] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(there, from + r * rows.size + k), shift);
      __builtin_prefetch(from + r * rows.size + k + R * rows.size * 4);  // memory is slower than the sums
    }
    for (int q = 0; q < Q; ++q) {
      const __m512i y = _mm512_loadu_si512(queries.values.data() + (query + q) * queries.stride + k);
      for (int r = 0; r < R; ++r) sums[q][r] = _mm512_dpbusd_epi32(sums[q][r], x[r], y);
    }
  }
  for (int q = 0; q < Q; ++q)
    for (int r = 0; r < R; ++r)
      scores[q][r] = rows.scales[row + r] *
                     static_cast<float>(_mm512_reduce_add_epi32(sums[q][r]) - 128 * queries.sums[query + q]);
}
#else
template <int Q, int R>
void products(const ByteRows& rows, int64_t row, const ByteQueries& queries, int64_t query,
              float (*scores)[kTogether]) {
  for (int q = 0; q < Q; ++q)
    for (int r = 0; r < R; ++r) {
      const int8_t* x = rows.values + (row + r) * rows.size;
      const int8_t* y = queries.values.data() + (query + q) * queries.stride;
      int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < rows.size; ++k) sum += int32_t{x[k]} * int32_t{y[k]};
      scores[q][r] = rows.scales[row + r] * static_cast<float>(sum);
    }
}
#endif

// Offers all rows of [first, last) to the bests of Q queries; tile(integral R, row, scores) computes.
template <int Q, class Tile>
void offer_rows(int64_t first, int64_t last, Best* best, Tile&& tile) {
  float scores[kTogether][kTogether];
  auto offer = [&](int64_t row, int count) {
    for (int q = 0; q < Q; ++q)
      for (int r = 0; r < count; ++r) best[q].offer({scores[q][r], row + r});
  };
  int64_t row = first;
  for (; row + kTogether <= last; row += kTogether) {
    tile(std::integral_constant<int, kTogether>{}, row, scores);
    offer(row, kTogether);
  }
  for (; row < last; ++row) {
    tile(std::integral_constant<int, 1>{}, row, scores);
    offer(row, 1);
  }
}

// Pieces of the rows on all threads, block after block, each with all queries of a pass; then the best of all pieces.
// tile(integral Q, integral R, row, query, scores).
template <class Tile>
std::vector<std::vector<Hit>> search_all(int64_t count, int64_t row_bytes, int64_t asked, int64_t top, Tile&& tile) {
  const int64_t block = std::max<int64_t>(kTogether, kBlockBytes / std::max<int64_t>(row_bytes, 1));
  const int64_t size = blocks_of(blocks_of(count, threads() * kPieces), block) * block;
  const int64_t pieces = count == 0 ? 0 : blocks_of(count, size);
  std::vector<std::vector<Hit>> hits(asked);
  for (int64_t start = 0; start < asked; start += kPass) {
    const int64_t pass = std::min(kPass, asked - start);
    std::vector<Best> best(pieces * pass, Best(top));
    parallel_for(pieces, [&](int64_t piece) {
      const int64_t end = std::min(count, (piece + 1) * size);
      for (int64_t first = piece * size; first < end; first += block) {
        const int64_t last = std::min(end, first + block);
        int64_t q = 0;
        auto meet = [&](auto together) {
          constexpr int Q = decltype(together)::value;
          offer_rows<Q>(first, last, &best[piece * pass + q], [&](auto rows, int64_t row, float (*scores)[kTogether]) {
            tile(together, rows, row, start + q, scores);
          });
          q += Q;
        };
        while (q + kTogether <= pass) meet(std::integral_constant<int, kTogether>{});
        while (q < pass) meet(std::integral_constant<int, 1>{});
      }
    });
    for (int64_t q = 0; q < pass; ++q) {
      Best all(top);
      for (int64_t piece = 0; piece < pieces; ++piece)
        for (const Hit& hit : best[piece * pass + q].sorted()) all.offer(hit);
      hits[start + q] = all.sorted();
    }
  }
  return hits;
}

}  // namespace

void Best::take(Hit hit) {
  const auto before = [](const Hit& a, const Hit& b) { return a.before(b); };
  if (room_ == 0) return;
  if (static_cast<int64_t>(heap_.size()) == room_) {
    std::pop_heap(heap_.begin(), heap_.end(), before);
    heap_.pop_back();
  }
  heap_.push_back(hit);
  std::push_heap(heap_.begin(), heap_.end(), before);
}

std::vector<Hit> Best::sorted() {
  std::sort(heap_.begin(), heap_.end(), [](const Hit& a, const Hit& b) { return a.before(b); });
  return std::move(heap_);
}

std::vector<std::vector<Hit>> search(const FloatRows& rows, const float* queries, int64_t asked, int64_t top) {
  return search_all(rows.count, rows.size * 4, asked, top, [&](auto q, auto r, int64_t row, int64_t query, auto scores) {
    products<decltype(q)::value, decltype(r)::value>(rows, row, queries + query * rows.size, scores);
  });
}

std::vector<std::vector<Hit>> search(const ByteRows& rows, const float* queries, int64_t asked, int64_t top) {
  const ByteQueries bytes(queries, asked, rows.size);
  return search_all(rows.count, rows.size, asked, top, [&](auto q, auto r, int64_t row, int64_t query, auto scores) {
    products<decltype(q)::value, decltype(r)::value>(rows, row, bytes, query, scores);
  });
}

std::vector<Hit> score_again(const FloatRows& rows, const float* query, std::vector<Hit> hits, int64_t top) {
  Best best(top);
  float scores[kTogether][kTogether];
  for (const Hit& hit : hits) {
    products<1, 1>(rows, hit.row, query, scores);
    best.offer({scores[0][0], hit.row});
  }
  return best.sorted();
}

}  // namespace tasklab

namespace {

// -> scores and numbers [asked, top]; places without a hit hold the row -1. 0, or 1 without memory.
template <class Find>
int write_hits(int64_t asked, int64_t top, float* scores, int64_t* numbers, Find&& find) {
  try {
    const std::vector<std::vector<tasklab::Hit>> hits = find();
    std::fill_n(scores, asked * top, 0.0f);
    std::fill_n(numbers, asked * top, int64_t{-1});
    for (int64_t q = 0; q < asked; ++q)
      for (size_t i = 0; i < hits[q].size(); ++i) {
        scores[q * top + i] = hits[q][i].score;
        numbers[q * top + i] = hits[q][i].row;
      }
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

}  // namespace

extern "C" int tasklab_search(const float* values, int64_t count, int64_t size, const float* queries, int64_t asked,
                              int64_t top, float* scores, int64_t* numbers) {
  return write_hits(asked, top, scores, numbers,
                    [&] { return tasklab::search(tasklab::FloatRows{values, count, size}, queries, asked, top); });
}

// The best `candidates` by their bytes, scored again by their floats.
extern "C" int tasklab_search_bytes(const int8_t* bytes, const float* scales, const float* values, int64_t count,
                                    int64_t size, const float* queries, int64_t asked, int64_t candidates, int64_t top,
                                    float* scores, int64_t* numbers) {
  using namespace tasklab;
  return write_hits(asked, top, scores, numbers, [&] {
    std::vector<std::vector<Hit>> hits = search(ByteRows{bytes, scales, count, size}, queries, asked, candidates);
    const FloatRows rows{values, count, size};
    parallel_for(asked, [&](int64_t q) {
      hits[q] = score_again(rows, queries + q * size, std::move(hits[q]), top);
    });
    return hits;
  });
}
