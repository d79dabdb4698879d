// A small thread pool: parallel_for over numbered pieces of work. No OpenMP runtime: the process may already
// hold two of them (scikit-learn, sentencepiece bring their own), and threads of this pool survive fork checks.
#pragma once
#include <cstdint>
#include <type_traits>

namespace tasklab {

using Piece = void (*)(void* context, int64_t index);

int threads();                   // threads that parallel_for uses, caller included
void set_threads(int count);     // takes effect at the next parallel_for
void run_pieces(int64_t count, Piece piece, void* context);  // returns when all are done

// Calls body(i) once for every i in [0, count), in any order and on any thread. Nested or concurrent calls run
// on their own thread only, so bodies must not depend on which thread they meet.
template <class Body>
void parallel_for(int64_t count, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  run_pieces(count, [](void* context, int64_t index) { (*static_cast<Plain*>(context))(index); }, (void*)&body);
}

// Fixed blocks of `size` rows, so that sums over blocks do not depend on the number of threads.
inline int64_t blocks_of(int64_t total, int64_t size) { return (total + size - 1) / size; }

}  // namespace tasklab
