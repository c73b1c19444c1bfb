# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops.
ARCH_avx2  := x86_64
FLAGS_avx2 := -O3 -mavx2 -mfma -msse4.2 -mpclmul
