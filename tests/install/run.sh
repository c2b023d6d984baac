#!/bin/sh
# Installs the build to a scratch folder, moves it, and builds and runs the
# consumers against it, far from the tree. CMAKE, BUILD, CC, CXX from CTest.
set -e
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$CMAKE" --install "$BUILD" --prefix "$scratch/first" >/dev/null
cp "$here"/consumer.c* "$here/CMakeLists.txt" "$scratch"
cd "$scratch"
mv first prefix # what is installed must not know where it was put
pc=$(find prefix -name pkgconfig)
PKG_CONFIG_PATH=$scratch/$pc
LD_LIBRARY_PATH=$scratch/$(dirname "$pc")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

"$CMAKE" -G Ninja -S . -B build -DCMAKE_PREFIX_PATH="$scratch/prefix" \
    -DCMAKE_C_COMPILER="$CC" >log 2>&1 || { cat log; exit 1; }
"$CMAKE" --build build >log 2>&1 || { cat log; exit 1; }
for program in build/with_*; do
    "$program" model.safetensors
done

if ! command -v pkg-config >/dev/null || [ -z "$CXX" ]; then
    echo "skipped: no pkg-config (package pkgconf) or no C++ compiler"
    exit 77
fi
compile() { "$CXX" -std=c++17 -Wall -Wextra -Werror consumer.cc "$@"; }
compile $(pkg-config --cflags --libs simdrnn) -o shared
./shared
find prefix -name '*.so*' -exec rm {} + # only the static form is left
compile $(pkg-config --static --cflags --libs simdrnn) -o static
./static
