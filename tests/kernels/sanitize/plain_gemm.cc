// Stands in for oneDNN under the sanitizers, which cannot look into its generated code: the same two C functions as
// plain loops. Each sum runs over k in order, so results do not depend on how a product was cut into tiles.
#include <cstdint>
#include <cstring>

namespace {

float value(float x) { return x; }

float value(uint16_t bfloat16) {
  const uint32_t bits = static_cast<uint32_t>(bfloat16) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

template <class E>
int gemm(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const E* a, int64_t lda, const E* b,
         int64_t ldb, float beta, float* c, int64_t ldc) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += value(transa == 'T' ? a[l * lda + i] : a[i * lda + l]) *
               value(transb == 'T' ? b[j * ldb + l] : b[l * ldb + j]);
      float& out = c[i * ldc + j];
      out = alpha * sum + (beta == 0 ? 0 : beta * out);
    }
  return 0;
}

}  // namespace

extern "C" int dnnl_sgemm(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
                          int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  return gemm(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

extern "C" int dnnl_gemm_bf16bf16f32(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
                                     const uint16_t* a, int64_t lda, const uint16_t* b, int64_t ldb, float beta,
                                     float* c, int64_t ldc) {
  return gemm(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
