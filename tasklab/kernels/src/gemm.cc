#include "gemm.h"

#include <dlfcn.h>

#include <algorithm>
#include <stdexcept>

namespace tasklab {
namespace {

// oneDNN's C functions (dnnl.h). Called outside any oneDNN thread pool they compute on the calling thread.
template <class E>
using Gemm = int (*)(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const E* a, int64_t lda,
                     const E* b, int64_t ldb, float beta, float* c, int64_t ldc);
Gemm<float> gemm_f32 = nullptr;
Gemm<BFloat16> gemm_bf16 = nullptr;

// Smallest tile that still runs at full speed (measured: 256 x 384 reaches 95 % of a core's peak).
constexpr int64_t kRows = 256, kColumns = 384;
constexpr int64_t kPassing = 2 * kRows * kColumns;  // floats; 768 KiB of a core's cache
constexpr int kTilesPerThread = 4;  // spare ones level out threads that were interrupted

template <class E>
void call(Gemm<E> gemm, const Product<E>& p) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) {
    for (int64_t i = 0; p.beta == 0 && i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, 0.0f);
    return;
  }
  const int status = gemm(p.trans_a ? 'T' : 'N', p.trans_b ? 'T' : 'N', p.m, p.n, p.k, 1.0f, p.a, p.lda, p.b, p.ldb,
                          p.beta, p.c, p.ldc);
  if (status != 0) throw std::runtime_error("oneDNN refused a matrix product");
}

bool computes_bf16() {  // oneDNN refuses where the processor has no instructions for it
  const BFloat16 two[2] = {narrow<BFloat16>(1.0f), narrow<BFloat16>(2.0f)};
  float c = 0;
  return gemm_bf16('N', 'N', 1, 1, 2, 1.0f, two, 2, two, 1, 0.0f, &c, 1) == 0 && c == 5.0f;
}

}  // namespace

void multiply(const Product<float>& p) { call(gemm_f32, p); }
void multiply(const Product<BFloat16>& p) { call(gemm_bf16, p); }

std::vector<Tile> tiles_of(const std::vector<Extent>& extents) {
  const int64_t wanted = threads() == 1 ? 1 : int64_t{kTilesPerThread} * threads(), jobs = extents.size();
  std::vector<Tile> tiles;
  for (int64_t job = 0; job < jobs; ++job) {
    const Extent& e = extents[job];
    if (e.rows == 0 || e.columns == 0) continue;
    int64_t rows = e.rows, columns = e.columns;  // halve the longer side until tiles are small and many enough
    while (blocks_of(e.rows, rows) * blocks_of(e.columns, columns) * jobs < wanted ||
           (e.passing && rows * columns > kPassing)) {
      const bool by_row = rows >= 2 * kRows && (rows * kColumns >= columns * kRows || columns < 2 * kColumns);
      if (!by_row && columns < 2 * kColumns) break;
      int64_t& side = by_row ? rows : columns;
      side = ((side + 1) / 2 + 47) / 48 * 48;  // whole vectors, and whole rows of 6 and 8 in oneDNN
    }
    for (int64_t row = 0; row < e.rows; row += rows)
      for (int64_t column = 0; column < e.columns; column += columns)
        tiles.push_back({(int)job, row, std::min(rows, e.rows - row), column, std::min(columns, e.columns - column)});
  }
  return tiles;
}

}  // namespace tasklab

// Loads oneDNN's library at `path`. Returns what it can compute: 0 nothing, 1 float, 3 float and bfloat16.
extern "C" int tasklab_load_onednn(const char* path) {
  using namespace tasklab;
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return 0;
  gemm_f32 = reinterpret_cast<Gemm<float>>(dlsym(handle, "dnnl_sgemm"));
  gemm_bf16 = reinterpret_cast<Gemm<BFloat16>>(dlsym(handle, "dnnl_gemm_bf16bf16f32"));
  if (gemm_f32 == nullptr) return 0;
  return gemm_bf16 != nullptr && computes_bf16() ? 3 : 1;
}
