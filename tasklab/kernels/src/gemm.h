// Row-major matrix products through oneDNN, cut into tiles for our own threads. Operands E, sums and results float.
#pragma once
#include <cstdint>
#include <vector>

#include "number.h"
#include "pool.h"
#include "scratch.h"

namespace tasklab {

template <class E>
struct Product {  // C [m, n] = beta C + op(A) [m, k] op(B) [k, n]; op transposes when its flag is set
  bool trans_a, trans_b;
  int64_t m, n, k;
  const E* a;
  int64_t lda;
  const E* b;
  int64_t ldb;
  float beta;
  float* c;  // null: each tile lives in its thread's scratch, and only `after` of multiply_all meets it
  int64_t ldc;
};

void multiply(const Product<float>& product);  // on the calling thread
void multiply(const Product<BFloat16>& product);

// The row stride of a left operand [k, width] of our own that products transpose: rows a power of two apart would share
// few lines of the cache while oneDNN copies their columns (2,048 values: 86 GFLOP/s, with 16 more between them 136).
inline int64_t spread(int64_t width) { return width + 16; }

struct Extent {
  int64_t rows, columns;
  bool passing;  // the result is not kept: its tiles stay small enough for a core's own cache
};

struct Tile {
  int job;  // index of its Product
  int64_t row, rows, column, columns;
};

std::vector<Tile> tiles_of(const std::vector<Extent>& extents);

// All products in parallel; after(tile, c, ldc) runs on the same thread while the tile is still in its cache.
template <class E, class After>
void multiply_all(const std::vector<Product<E>>& products, After&& after) {
  constexpr int kSlot = kThreadSlots - 1;
  std::vector<Extent> extents;
  for (const Product<E>& p : products) extents.push_back({p.m, p.n, p.c == nullptr});
  const std::vector<Tile> tiles = tiles_of(extents);
  parallel_for(tiles.size(), [&](int64_t i) {
    const Tile& t = tiles[i];
    Product<E> p = products[t.job];
    p.m = t.rows;
    p.n = t.columns;
    p.a += p.trans_a ? t.row : t.row * p.lda;
    p.b += p.trans_b ? t.column * p.ldb : t.column;
    if (p.c == nullptr) {
      p.ldc = t.columns;
      p.c = thread_values<float>(kSlot, t.rows * t.columns);
    } else {
      p.c += t.row * p.ldc + t.column;
    }
    multiply(p);
    after(t, p.c, p.ldc);
  });
}

template <class E>
void multiply_all(const std::vector<Product<E>>& products) {
  multiply_all(products, [](const Tile&, float*, int64_t) {});
}

}  // namespace tasklab
