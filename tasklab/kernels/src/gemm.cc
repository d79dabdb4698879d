#include "gemm.h"

#include <dlfcn.h>

#include <algorithm>
#include <stdexcept>

namespace tasklab {
namespace {

// oneDNN's C function (dnnl.h). Called outside any oneDNN thread pool it computes on the calling thread.
using Sgemm = int (*)(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
                      int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);
Sgemm sgemm = nullptr;

// Smallest tile that still runs at full speed (measured: 256 x 384 reaches 95 % of a core's peak).
constexpr int64_t kRows = 256, kColumns = 384;
constexpr int kTilesPerThread = 4;  // spare ones level out threads that were interrupted

}  // namespace

bool has_gemm() { return sgemm != nullptr; }

void multiply(const Product& p) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) {
    for (int64_t i = 0; p.beta == 0 && i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, 0.0f);
    return;
  }
  const int status = sgemm(p.trans_a ? 'T' : 'N', p.trans_b ? 'T' : 'N', p.m, p.n, p.k, 1.0f, p.a, p.lda, p.b, p.ldb,
                           p.beta, p.c, p.ldc);
  if (status != 0) throw std::runtime_error("oneDNN refused a matrix product");
}

void multiply_tile(const Product& p, const Tile& t) {
  Product part = p;
  part.m = t.rows;
  part.n = t.columns;
  part.a += p.trans_a ? t.row : t.row * p.lda;
  part.b += p.trans_b ? t.column * p.ldb : t.column;
  part.c += t.row * p.ldc + t.column;
  multiply(part);
}

std::vector<Tile> tiles_of(const std::vector<Product>& products) {
  const int64_t wanted = threads() == 1 ? 1 : int64_t{kTilesPerThread} * threads();
  std::vector<Tile> tiles;
  for (size_t job = 0; job < products.size(); ++job) {
    const Product& p = products[job];
    if (p.m == 0 || p.n == 0) continue;
    int64_t rows = p.m, columns = p.n;  // halve the longer side until there are enough tiles
    while (blocks_of(p.m, rows) * blocks_of(p.n, columns) * (int64_t)products.size() < wanted) {
      const bool by_row = rows >= 2 * kRows && (rows * kColumns >= columns * kRows || columns < 2 * kColumns);
      if (!by_row && columns < 2 * kColumns) break;
      int64_t& side = by_row ? rows : columns;
      side = ((side + 1) / 2 + 15) / 16 * 16;  // multiples of a vector
    }
    for (int64_t row = 0; row < p.m; row += rows)
      for (int64_t column = 0; column < p.n; column += columns)
        tiles.push_back({(int)job, row, std::min(rows, p.m - row), column, std::min(columns, p.n - column)});
  }
  return tiles;
}

}  // namespace tasklab

// Returns 0 when oneDNN's library at `path` was loaded and holds the needed function.
extern "C" int tasklab_load_onednn(const char* path) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return 1;
  tasklab::sgemm = reinterpret_cast<tasklab::Sgemm>(dlsym(handle, "dnnl_sgemm"));
  return tasklab::sgemm == nullptr ? 2 : 0;
}
