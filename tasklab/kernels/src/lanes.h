// Vectors as wide as the target has, and sums of a row whose order is a matter of that row alone: not of its address,
// of the rows beside it or of the threads.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace tasklab {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Lanes __attribute__((vector_size(kLanes * 4)));
typedef uint32_t LaneBits __attribute__((vector_size(kLanes * 4)));

template <class V>
inline V load(const void* from) {
  V value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store(float* to, Lanes value) { std::memcpy(to, &value, sizeof value); }

inline Lanes as_floats(LaneBits bits) {
  Lanes value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint32_t float_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// As many bytes as floats. By name, because g++ 12 widens vectors of bytes one by one.
inline Lanes bytes_as_floats(const int8_t* from) {
#if defined(__AVX512F__)
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#elif defined(__AVX2__)
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#else
  float values[kLanes];
  for (int i = 0; i < kLanes; ++i) values[i] = from[i];
  return load<Lanes>(values);
#endif
}

// value(0) + ... + value(count - 1): sixteen sums of every sixteenth, then these by halves.
template <class Value>
inline float row_sum(int64_t count, Value&& value) {
  constexpr int kSums = 16;
  float sums[kSums] = {};
  int64_t j = 0;
  for (; j + kSums <= count; j += kSums)
#pragma omp simd
    for (int i = 0; i < kSums; ++i) sums[i] += value(j + i);
  for (int i = 0; j + i < count; ++i) sums[i] += value(j + i);
  for (int half = kSums / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  return sums[0];
}

}  // namespace tasklab
