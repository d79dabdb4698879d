// What calls an operator the way MindSpore does, and what every call here has in common.
#pragma once
#include <atomic>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "guarded.h"

using Operator = int(int, void**, int*, int64_t**, const char**, void*, void*);

inline std::atomic<int> calls{0};

using Floats = std::vector<float>;
using Shape = std::vector<int64_t>;

inline Floats random_floats(int64_t count, int seed, float scale) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0, scale);
  Floats values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

inline int64_t elements(const Shape& shape) {
  int64_t total = 1;
  for (int64_t size : shape) total *= size;
  return total;
}

inline int bits(float value) {
  int result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

// The argument list of one operator call; owns nothing.
struct Call {
  std::vector<void*> data;
  std::vector<Shape> shapes;
  std::vector<const char*> types;

  template <class T>
  void add(Guarded<T>& buffer, Shape shape) {
    data.push_back(buffer.data());
    shapes.push_back(std::move(shape));
    types.push_back(std::is_same_v<T, float> ? "float32" : "int32");
  }
  void add(const Call& other) {
    data.insert(data.end(), other.data.begin(), other.data.end());
    shapes.insert(shapes.end(), other.shapes.begin(), other.shapes.end());
    types.insert(types.end(), other.types.begin(), other.types.end());
  }
  int run(Operator* op) {
    std::vector<int> ranks;
    std::vector<int64_t*> sizes;
    for (Shape& shape : shapes) {
      ranks.push_back(shape.size());
      sizes.push_back(shape.data());
    }
    ++calls;
    return op(data.size(), data.data(), ranks.data(), sizes.data(), types.data(), nullptr, nullptr);
  }
};

struct Way {  // how a case is computed; none of it may change the result
  bool recompute, unaligned;
};

using Results = std::vector<Floats>;

// Buffers of one computation, freed together; those of `outputs` are its results.
struct Buffers {
  bool unaligned;
  std::vector<Guarded<float>*> owned, outputs;

  ~Buffers() {
    for (Guarded<float>* buffer : owned) delete buffer;
  }
  Guarded<float>* floats(const Shape& shape) {
    return owned.emplace_back(new Guarded<float>(elements(shape), unaligned));
  }
  Guarded<float>* filled(const Shape& shape, int seed, float scale) {
    Guarded<float>* buffer = floats(shape);
    buffer->copy(random_floats(elements(shape), seed, scale));
    return buffer;
  }
  void output(Call& call, const Shape& shape) { call.add(*outputs.emplace_back(floats(shape)), shape); }
  Results results(const char* where) const {
    Results found;
    for (Guarded<float>* buffer : outputs) {
      found.push_back(buffer->values());
      for (float value : found.back())
        if (!std::isfinite(value)) fail("an output was not written, or is not finite", where);
    }
    return found;
  }
};
