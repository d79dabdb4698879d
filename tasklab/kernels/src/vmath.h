// exp, erf, tanh and their activations, written without branches so that loops over them become vector code.
// Errors: exp 1e-7 relative, erf and tanh 2e-7 absolute. NaN stays NaN.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tasklab {

inline float bits_to_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Cephes expf: 2^n * e^f with |f| <= ln(2) / 2. Below -87.3 gives 0 (no denormals), above 88.7 infinity.
inline float fast_exp(float x) {
  const float lowest = -87.3f, highest = 88.7f;
  float c = x < lowest ? lowest : x;  // written so that a NaN passes
  c = c > highest ? highest : c;
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = (c * 1.44269504088896341f + shift) - shift;
  const float f = (c - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * (f * f) + f + 1.0f;
  // 2^n in two factors: n reaches 128, one more than a float's exponent holds
  const int32_t exponent = static_cast<int32_t>(n == n ? n : 0.0f), half = exponent >> 1;
  p = p * bits_to_float(static_cast<uint32_t>(half + 127) << 23);
  p = p * bits_to_float(static_cast<uint32_t>(exponent - half + 127) << 23);
  p = x < lowest ? 0.0f : p;
  return x > highest ? INFINITY : p;
}

// Rational minimax approximation on [-4, 4] (the one Eigen uses); erf is 1 within float32 beyond.
inline float fast_erf(float x) {
  float c = x < -4.0f ? -4.0f : x;
  c = c > 4.0f ? 4.0f : c;
  const float s = c * c;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s + -2.10102402082508e-06f;
  p = p * s + -5.69250639462346e-05f;
  p = p * s + -7.34990630326855e-04f;
  p = p * s + -2.95459980854025e-03f;
  p = p * s + -1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s + -2.13374055278905e-04f;
  q = q * s + -1.68282697438203e-03f;
  q = q * s + -7.37332916720468e-03f;
  q = q * s + -1.42647390514189e-02f;
  return c * p / q;
}

inline float fast_tanh(float x) { return 1.0f - 2.0f / (fast_exp(2.0f * x) + 1.0f); }

// Each activation: value(x), and slope(x) = d value / d x.
struct GeluErf {
  static float value(float x) { return 0.5f * x * (1.0f + fast_erf(x * 0.70710678118654752f)); }
  static float slope(float x) {
    const float density = 0.39894228040143268f * fast_exp(-0.5f * x * x);
    return 0.5f * (1.0f + fast_erf(x * 0.70710678118654752f)) + x * density;
  }
};

struct GeluTanh {  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  static float inner(float x) { return 0.79788456080286536f * (x + 0.044715f * x * x * x); }
  static float value(float x) { return 0.5f * x * (1.0f + fast_tanh(inner(x))); }
  static float slope(float x) {
    const float t = fast_tanh(inner(x));
    const float steep = 0.79788456080286536f * (1.0f + 0.134145f * x * x);
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * steep;
  }
};

struct Relu {
  static float value(float x) { return x < 0.0f ? 0.0f : x; }
  static float slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
};

struct Silu {
  static float value(float x) { return x / (1.0f + fast_exp(-x)); }
  static float slope(float x) {
    const float s = 1.0f / (1.0f + fast_exp(-x));
    return s + x * s * (1.0f - s);
  }
};

}  // namespace tasklab
