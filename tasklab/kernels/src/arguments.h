// What MindSpore hands to a custom operator, with the checks every operator makes.
#pragma once
#include <cstdint>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <stdexcept>
#include <string>

namespace tasklab {

class Arguments {
 public:
  Arguments(int count, void** data, int* ranks, int64_t** shapes, const char** types)
      : count_(count), data_(data), ranks_(ranks), shapes_(shapes), types_(types) {}

  int count() const { return count_; }
  int rank(int i) const { return ranks_[i]; }
  int64_t dim(int i, int axis) const { return shapes_[i][axis]; }

  int64_t size(int i) const {
    int64_t total = 1;
    for (int axis = 0; axis < ranks_[i]; ++axis) total *= shapes_[i][axis];
    return total;
  }

  float* floats(int i, int64_t size) const { return static_cast<float*>(checked(i, size, "float32", "float")); }
  int32_t* ints(int i, int64_t size) const { return static_cast<int32_t*>(checked(i, size, "int32", "int")); }

  void need(int count) const {
    if (count_ != count) throw std::invalid_argument("got " + std::to_string(count_) + " inputs and outputs, expected " +
                                                     std::to_string(count));
  }

  void need_rank(int i, int rank) const {
    if (i >= count_ || ranks_[i] != rank)
      throw std::invalid_argument("argument " + std::to_string(i) + " must have rank " + std::to_string(rank));
  }

 private:
  void* checked(int i, int64_t expected, const char* type, const char* short_type) const {
    const std::string place = "argument " + std::to_string(i);
    if (i >= count_) throw std::invalid_argument(place + " is missing");
    if (types_[i] != std::string(type) && types_[i] != std::string(short_type))
      throw std::invalid_argument(place + " is " + types_[i] + ", expected " + type);
    if (size(i) != expected)
      throw std::invalid_argument(place + " has " + std::to_string(size(i)) + " elements, expected " +
                                  std::to_string(expected));
    return data_[i];
  }

  int count_;
  void** data_;
  int* ranks_;
  int64_t** shapes_;
  const char** types_;
};

// Runs an operator's body; an exception becomes one line on stderr and a code that makes MindSpore raise.
template <class Body>
int guarded(const char* name, Body&& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tasklab kernel %s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace tasklab

#define TASKLAB_OPERATOR(name)                                                                          \
  static void name##Body(const tasklab::Arguments& args);                                               \
  extern "C" int name(int count, void** data, int* ranks, int64_t** shapes, const char** types, void*, \
                      void*) {                                                                          \
    return tasklab::guarded(#name, [&] { name##Body({count, data, ranks, shapes, types}); });           \
  }                                                                                                     \
  static void name##Body(const tasklab::Arguments& args)
