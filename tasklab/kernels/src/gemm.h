// Row-major float32 matrix products through oneDNN, cut into tiles for our own threads.
#pragma once
#include <cstdint>
#include <vector>

#include "pool.h"

namespace tasklab {

struct Product {  // C [m, n] = beta C + op(A) [m, k] op(B) [k, n]; op transposes when its flag is set
  bool trans_a, trans_b;
  int64_t m, n, k;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t ldb;
  float beta;
  float* c;
  int64_t ldc;
};

struct Tile {
  int job;  // index of its Product
  int64_t row, rows, column, columns;
};

bool has_gemm();                                             // whether oneDNN was found
void multiply(const Product& product);                       // on the calling thread
void multiply_tile(const Product& product, const Tile& tile);
std::vector<Tile> tiles_of(const std::vector<Product>& products);

// All products in parallel; after(tile) runs on the same thread while the tile is still in its cache.
template <class After>
void multiply_all(const std::vector<Product>& products, After&& after) {
  const std::vector<Tile> tiles = tiles_of(products);
  parallel_for(tiles.size(), [&](int64_t i) {
    multiply_tile(products[tiles[i].job], tiles[i]);
    after(tiles[i]);
  });
}

inline void multiply_all(const std::vector<Product>& products) {
  multiply_all(products, [](const Tile&) {});
}

}  // namespace tasklab
