# Compiler flags of this folder alone: those of avx2 and the dot products of bytes.
ARCH_avx2_vnni  := x86_64
FLAGS_avx2_vnni  = $(FLAGS_avx2) -mavxvnni
