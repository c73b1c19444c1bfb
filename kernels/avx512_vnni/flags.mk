# Compiler flags of this folder alone: those of avx512 and the dot products of bytes.
ARCH_avx512_vnni  := x86_64
FLAGS_avx512_vnni  = $(FLAGS_avx512) -mavx512vnni
